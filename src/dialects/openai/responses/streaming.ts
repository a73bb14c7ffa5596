/** Whether a response is asked for as a stream, from where, and sending it. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Snapshot } from '../../../engine/api.ts';
import { openStreams } from '../../open-streams.ts';
import { streamOf } from '../../streamed-texts.ts';
import type { Call, Context } from '../call.ts';
import { invalidParam } from '../errors.ts';
import { FROM_START } from './stream-events.ts';
import { responseTexts } from './stream-texts.ts';

/** Sends the response as it comes. @param after the number of the last event that the reader has */
export type SendStream = (call: Call, snapshot: Snapshot, after?: number) => FastifyReply;

export function streaming(app: FastifyInstance, context: Context): SendStream {
  const { engine } = context;
  const streams = openStreams(app, context);
  return ({ principal, reply }, snapshot, after = FROM_START) =>
    streams.send(
      principal,
      reply,
      streamOf((signal) => responseTexts({ engine, snapshot, after }, signal)),
    );
}

/** Where the stream that a query asks for begins; null where it asks for none. */
export function streamStart({ request }: Pick<Call, 'request'>): number | null {
  const { stream, starting_after: after } = request.query as Readonly<Record<string, unknown>>;
  if (stream !== undefined && stream !== 'true' && stream !== 'false')
    throw invalidParam('stream', "Invalid value for 'stream': it must be true or false.");
  if (stream !== 'true') return null;
  if (after === undefined) return FROM_START;
  if (typeof after === 'string' && /^\d{1,15}$/.test(after)) return Number(after);
  throw invalidParam('starting_after', "Invalid value for 'starting_after': it must be the number of an event.");
}
