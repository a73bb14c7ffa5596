/**
 * Only the newest: what a submit with a unique key becomes where the key has a holder already.
 *
 * The holder of a (tenant, type, key) is the newest job that was submitted with it, and it holds the key until it is final, or, with `forMs`,
 * until that time after its submit is over. So there is nothing to keep beside the jobs: a key is free when its jobs are gone.
 */
import { isFinal, type StoredState } from './state.ts';

export const UNIQUE_MODES = ['reject', 'existing', 'replace', 'debounce', 'rerun'] as const;
export type UniqueMode = (typeof UNIQUE_MODES)[number];

export interface Unique {
  readonly key: string;
  readonly mode: UniqueMode;
  /** With `reject` and `existing`: how long the key is held from the submit on, also by a job that is final. With `debounce`: the quiet time. */
  readonly forMs?: number;
  /** With `debounce`: the job runs no later than this after the first submit. */
  readonly maxMs?: number;
}

/** What is looked at of the job that holds the key. */
export interface UniqueHolder {
  readonly id: string;
  readonly state: StoredState;
  readonly createdAt: number;
  /** It has begun and waits for a signal: its input is in use. */
  readonly isParked: boolean;
  readonly forMs: number | null;
}

/** What comes in. */
export interface UniqueSubmit {
  readonly unique: Unique;
  readonly createdAt: number;
  readonly runAt: number;
  /** The jobs that it comes after. */
  readonly after: readonly string[];
}

export type UniqueStep =
  /** The key is free, or goes over to the new job. */
  | { readonly kind: 'take' }
  /** Nothing is stored. */
  | { readonly kind: 'held' }
  /** The holder gets the new input. */
  | { readonly kind: 'replace'; readonly runAt: number };

const TAKE: UniqueStep = Object.freeze({ kind: 'take' });
const HELD: UniqueStep = Object.freeze({ kind: 'held' });

/** @param holder null where no job has the key */
export function uniqueStep(submit: UniqueSubmit, holder: UniqueHolder | null): UniqueStep {
  const { unique, createdAt, runAt } = submit;
  if (holder === null) return TAKE;
  const isWaiting = holder.state === 'waiting' && !holder.isParked;
  switch (unique.mode) {
    case 'reject':
    case 'existing':
      return !isFinal(holder.state) || isStillHeld(holder, createdAt) ? HELD : TAKE;
    case 'replace':
      return isWaiting ? { kind: 'replace', runAt } : TAKE;
    case 'debounce':
      return isWaiting ? { kind: 'replace', runAt: debouncedRunAt(unique, holder, createdAt) } : TAKE;
    case 'rerun':
      // Once it waits for the holder's end it is the new holder.
      return isFinal(holder.state) || submit.after.includes(holder.id) ? TAKE : HELD;
  }
}

/** The newest job with a key, as far as it says who else may hold it. */
export interface NewestOfKey {
  readonly state: StoredState;
  readonly mode: UniqueMode | undefined;
  /** The jobs that it came after. */
  readonly after: readonly string[];
}

/**
 * Whom to look at where the newest job may have left the key: a follow-up that ended before it ran came after a job that may run still, and while
 * that one is not final it holds the key again. One step back is enough, since a follow-up is made for a job that is not final, and runs only when it is.
 */
export function holderBefore({ state, mode, after }: NewestOfKey): string | null {
  return mode === 'rerun' && isFinal(state) ? (after[0] ?? null) : null;
}

/** Whether the submit is to be made again, for a job after the one that runs. */
export function asksForRerun(mode: UniqueMode, holder: Pick<UniqueHolder, 'state' | 'isParked'>): boolean {
  return mode === 'rerun' && (holder.state === 'running' || (holder.state === 'waiting' && holder.isParked));
}

function isStillHeld({ createdAt, forMs }: UniqueHolder, now: number): boolean {
  return forMs !== null && now < createdAt + forMs;
}

function debouncedRunAt({ forMs = 0, maxMs }: Unique, holder: UniqueHolder, now: number): number {
  const latest = maxMs === undefined ? Number.POSITIVE_INFINITY : holder.createdAt + maxMs;
  return Math.max(now, Math.min(now + forMs, latest));
}
