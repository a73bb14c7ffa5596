/** One request on its way through the dialect. */
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import type { A2aOptions } from './options.ts';
import type { Spelling } from './spelling.ts';

export type Context = DialectContext<A2aOptions>;

export interface Call extends DialectCall<A2aOptions> {
  /** How this client's version spells what it is told. */
  readonly spelling: Spelling;
}
