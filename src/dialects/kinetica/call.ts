/** One request on its way through the dialect. */
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import { requireScope } from '../credentials.ts';
import type { Encoding } from './encoding.ts';
import type { KineticaOptions } from './options.ts';

export type Context = DialectContext<KineticaOptions>;

export interface Call extends DialectCall<KineticaOptions> {
  /** The user name that came with the key; the tenant where none did. */
  readonly user: string;
  /** Of the request, and so of its answer. */
  readonly encoding: Encoding;
}

/** Throws unless the key has the scope. Asked by each endpoint, since reading and writing share a method here. */
export function allow(call: Call, scope: 'submit' | 'read'): void {
  requireScope(call.principal, scope);
}
