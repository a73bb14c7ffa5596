/** One request on its way through the dialect. */
import type { DialectContext, NumberCipher } from '../../http/dialect.ts';

import type { DialectCall } from '../call.ts';
import type { Encoding } from './encoding.ts';
import type { KineticaOptions } from './options.ts';
import type { TableMemory } from './table-memory.ts';

export type Context = DialectContext<KineticaOptions>;

export interface Call extends DialectCall<KineticaOptions> {
  /** The user name that came with the key; the tenant where none did. */
  readonly user: string;
  /** Job numbers as this vendor's clients see them, and back. */
  readonly ids: NumberCipher;
  readonly tables: TableMemory;
  /** Of the request, and so of its answer. */
  readonly encoding: Encoding;
}
