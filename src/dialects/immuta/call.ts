/** One request on its way through the dialect. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DialectContext, Principal } from '../../http/dialect.ts';
import type { ImmutaOptions } from './options.ts';

export type Context = DialectContext<ImmutaOptions>;

export interface Call {
  readonly context: Context;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly principal: Principal;
}
