/** One request on its way through the dialect. */
import type { FastifyReply } from 'fastify';
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import type { Bodies } from './bodies.ts';
import type { SilentpushOptions } from './options.ts';
import type { Query } from './query.ts';
import type { Params } from './submission.ts';

export type Context = DialectContext<SilentpushOptions>;

export interface Call extends DialectCall<SilentpushOptions> {
  readonly bodies: Bodies;
  readonly query: Query;
}

/** Undefined where the answer is out already. */
export type Answer = FastifyReply | undefined;

export function paramsOf(call: Call): Params {
  return call.request.params as Params;
}

export function baseUrl(call: Call): string {
  return call.context.publicUrl(call.request);
}

/** Through the reply, since a hold may have said something on it. */
export function send(call: Call, text: string): FastifyReply {
  return call.reply.type('application/json; charset=utf-8').send(text);
}
