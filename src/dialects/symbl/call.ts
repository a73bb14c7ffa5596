/** One request on its way through the dialect, and what all requests share. */
import type { DialectContext } from '../../http/dialect.ts';
import type { Shares } from '../../http/shares.ts';
import type { DialectCall } from '../call.ts';
import type { Conversations } from './conversations.ts';
import type { SymblOptions } from './options.ts';
import type { ReadingDesk } from './reading-desk.ts';
import type { Uploads } from './uploads.ts';

export type Context = DialectContext<SymblOptions>;

export interface Shared {
  readonly context: Context;
  readonly conversations: Conversations;
  readonly uploads: Uploads;
  /** Uploads that are being sent. */
  readonly underway: Shares;
  readonly desk: ReadingDesk;
  /** Runs one thing after another per tenant: counting jobs and adding one must not interleave. */
  oneByOne<T>(tenant: string, run: () => Promise<T>): Promise<T>;
}

export interface Call extends Shared, DialectCall<SymblOptions> {
  readonly context: Context;
}
