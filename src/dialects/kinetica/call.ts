/** One request on its way through the dialect. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DialectContext, Principal } from '../../http/dialect.ts';
import { requireScope } from '../credentials.ts';
import type { Encoding } from './encoding.ts';
import type { KineticaOptions } from './options.ts';

export type Context = DialectContext<KineticaOptions>;

export interface Call {
  readonly context: Context;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly principal: Principal;
  /** The user name that came with the key; the tenant where none did. */
  readonly user: string;
  /** Of the request, and so of its answer. */
  readonly encoding: Encoding;
}

/** Throws unless the key has the scope. Asked by each endpoint, since reading and writing share a method here. */
export function allow(call: Call, scope: 'submit' | 'read'): void {
  requireScope(call.principal, scope);
}
