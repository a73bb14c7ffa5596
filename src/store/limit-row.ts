/** The row of a key with a limit, as both stores have it. */
import type { KeyLimit, LimitBounds } from '../core/limit-spec.ts';
import { type KeyBounds, NO_TICKETS, type TicketState } from '../core/limit-tickets.ts';
import type { Terms } from '../core/terms.ts';
import { BLOCKED_BY } from './blocks.ts';
import type { BlockedJob, LimitRef, LimitRow, LimitWrite } from './contract-limits.ts';
import type { LimitRecord } from './contract-records.ts';
import type { Cell } from './job-row.ts';

/** What a key holds beside what its jobs say. */
export interface StoredLimit {
  readonly bounds: KeyBounds;
  readonly isKept: boolean;
  readonly state: TicketState;
}

export const NO_BOUNDS: KeyBounds = Object.freeze({ concurrency: null, rate: null });

/** Types that one look at a key goes through, and their priorities; more wait for the next ones, when these have ended. */
export const KINDS_MAX = 200;

/** A settlement comes no later than this after its change; who is further off has a clock of its own, as tests do. */
const LATE_MS_MAX = 60_000;

/**
 * The moment that a key was seen at. The caller's time is that of the change, which waited for its batch: tickets that were taken since would count as
 * starts before they were.
 * @param at by the store's clock
 */
export function seenAt(now: number, at: number): number {
  return at > now && at - now <= LATE_MS_MAX ? at : now;
}

/** The state of a key that is written. */
export function writtenState(
  state: TicketState,
  { closedUntil, keepsLonger = false }: Pick<LimitWrite, 'closedUntil' | 'keepsLonger'>,
): TicketState {
  if (closedUntil === undefined) return state;
  return { ...state, closedUntil: Math.max(closedUntil ?? 0, keepsLonger ? (state.closedUntil ?? 0) : 0) };
}

/** Concurrency, count and time of the rate. */
export function boundsCells({ concurrency, rate }: KeyBounds): readonly [Cell, Cell, Cell] {
  return [concurrency, rate?.count ?? null, rate?.perMs ?? null];
}

export function boundsOfCells([concurrency, count, perMs]: readonly unknown[]): KeyBounds {
  const rate = count === null || perMs === null ? null : { count: count as number, perMs: perMs as number };
  return { concurrency: concurrency as number | null, rate };
}

/** What a job says of its key; null where it leaves it as it is. */
export function boundsOfLimit(limit: KeyLimit): KeyBounds | null {
  return limit.concurrency == null && limit.rate == null ? null : boundsOf(limit);
}

export function boundsOf({ concurrency = null, rate = null }: LimitBounds): KeyBounds {
  return { concurrency, rate: rate === null ? null : { count: rate.count, perMs: rate.perMs } };
}

/** @param text of the terms, as JSON */
export function boundsOfTerms(text: string): KeyBounds | null {
  const { limit } = JSON.parse(text) as Terms;
  return limit === undefined ? null : boundsOfLimit(limit);
}

export function limitRowOf(
  ref: Pick<LimitRow, 'tenant' | 'key'>,
  { bounds, isKept, state }: StoredLimit,
  counts: Pick<LimitRow, 'running' | 'waiting'>,
): LimitRow {
  return { ...ref, bounds, isKept, closedUntil: state.closedUntil ?? null, ...counts };
}

/** Tickets are not part of a dump: where it is restored they are given anew. */
export function limitRecordOf({ tenant, key }: LimitRef, { bounds, isKept, state }: StoredLimit): LimitRecord {
  return { tenant, key, bounds, isKept, closedUntil: state.closedUntil ?? null, starts: state.starts ?? [] };
}

export function limitOfRecord({ bounds, isKept, closedUntil, starts }: LimitRecord): StoredLimit {
  const state = { ...(closedUntil === null ? {} : { closedUntil }), ...(starts.length === 0 ? {} : { starts }) };
  return { bounds, isKept, state };
}

/** @param state of the key of its limit, as JSON; null where it has none */
export function blockedJobOf(number: number, blocked: number, state: string | null): BlockedJob {
  const { closedUntil = null } = state === null ? NO_TICKETS : (JSON.parse(state) as TicketState);
  const has = (bit: number) => (blocked & bit) !== 0;
  return { number, bySequence: has(BLOCKED_BY.sequence), byLimit: has(BLOCKED_BY.limit), closedUntil };
}
