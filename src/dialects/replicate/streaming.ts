/**
 * The stream of a prediction. Its URL is all that the vendor's client sends, so a pass in it stands for the key: it shows this one job, while
 * the key is in force.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { noteCaller } from '../../http/caller.ts';
import { requireScope } from '../credentials.ts';
import { openStreams, STREAM_HEADERS } from '../open-streams.ts';
import { streamOf } from '../streamed-texts.ts';
import type { Context } from './call.ts';
import { outputTexts } from './output-texts.ts';
import { notFound } from './reading.ts';
import { placeOf } from './stream-events.ts';

export function declareStream(app: FastifyInstance, context: Context): void {
  const { engine, auth } = context;
  const streams = openStreams(app, context);
  app.get('/v1/streams/:pass', async (request, reply) => {
    const found = await auth.byPass((request.params as { readonly pass: string }).pass);
    if (found === null) throw notFound();
    const { principal, jobId } = found;
    noteCaller(request, principal.tenant);
    requireScope(principal, 'read');
    const [lookup] = await engine.read(principal.tenant, [jobId]);
    if (lookup?.kind !== 'found') throw notFound();
    if (request.method === 'HEAD') return reply.headers(STREAM_HEADERS).send(Readable.from([]));
    const place = placeOf(request.headers['last-event-id']);
    const source = { engine, snapshot: lookup.snapshot, place };
    return streams.send(
      principal,
      reply,
      streamOf((signal) => outputTexts(source, signal)),
    );
  });
}
