/**
 * Part of the store contract: limits per key. A waiting job of a key is claimed only with a ticket, which is a bit of `waiting.blocked` that
 * is not set. Who gets one decides `core/limit-tickets.ts`; the stores ask it whenever a job of the key comes, ends, or changes
 * its place, and then when it said so (`limitSettle`).
 */
import type { Blocks } from '../core/held-back.ts';
import type { Job } from '../core/job.ts';
import type { KeyBounds } from '../core/limit-tickets.ts';

export interface LimitRef {
  readonly tenant: string;
  readonly key: string;
}

/** A key that is known: some job of it is unfinished, or somebody set or closed it, or its rate has still to be counted. */
export interface LimitRow extends LimitRef {
  readonly bounds: KeyBounds;
  /** Set by a call: what jobs say of it changes nothing. */
  readonly isKept: boolean;
  /** Nothing starts before; null or past where it is open. */
  readonly closedUntil: number | null;
  readonly running: number;
  /** With or without a ticket, counted up to `LIMIT_COUNT_MAX`. */
  readonly waiting: number;
}

export const LIMIT_COUNT_MAX = 10_000;

export interface LimitWrite extends LimitRef {
  /** Sets and keeps; null: jobs have the say again. Left out: as it is. */
  readonly bounds?: KeyBounds | null;
  /** Null opens. Left out: as it is. */
  readonly closedUntil?: number | null;
  /** A later end than `closedUntil` stays. */
  readonly keepsLonger?: boolean;
  readonly now: number;
  /** Keys of the tenant, past which no new one is written. */
  readonly keysMax: number;
}

export type LimitOutcome =
  /** Jobs of these types got tickets by it. */
  | { readonly kind: 'written'; readonly types: readonly string[] }
  /** There is no such key, and the write would leave none. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'full' };

export interface LimitsSettled {
  /** Types of which jobs got tickets. */
  readonly types: readonly string[];
  /** When the next key is due; null for none. */
  readonly nextAt: number | null;
}

export interface LimitStore {
  limitRead(ref: LimitRef): Promise<LimitRow | null>;
  /** By key. `after` is the last one seen. */
  limitList(filter: {
    readonly tenant: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly LimitRow[]>;
  limitWrite(write: LimitWrite): Promise<LimitOutcome>;
  /** Looks at keys that are due, at most `limit` of them. Safe from many processes at once. */
  limitSettle(request: { readonly now: number; readonly limit: number }): Promise<LimitsSettled>;
  /** What keeps these jobs from being claimed, as far as they wait: for whoever asks why. */
  blocksRead(jobs: readonly Pick<Job, 'number' | 'tenant' | 'type'>[]): Promise<readonly BlockedJob[]>;
}

export interface BlockedJob extends Blocks {
  readonly number: number;
}
