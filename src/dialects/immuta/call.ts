/** One request on its way through the dialect. */
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import type { ImmutaOptions } from './options.ts';

export type Context = DialectContext<ImmutaOptions>;

export type Call = DialectCall<ImmutaOptions>;
