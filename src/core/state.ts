/**
 * The six states that are stored and the eight words that are shown.
 *
 * `waiting` is shown as `scheduled`, `queued` or `retrying`. The word follows from the row and the time, so that time alone
 * promotes a job and no sweep has to.
 */

export const STORED_STATES = ['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired'] as const;
export type StoredState = (typeof STORED_STATES)[number];

export const FINAL_STATES = ['succeeded', 'failed', 'cancelled', 'expired'] as const;
export type FinalState = (typeof FINAL_STATES)[number];

export const SHOWN_STATES = [
  'scheduled',
  'queued',
  'retrying',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
] as const;
export type ShownState = (typeof SHOWN_STATES)[number];

const FINAL: ReadonlySet<StoredState> = new Set(FINAL_STATES);

/** A final job changes no more, except by `retry` and `prune`. */
export function isFinal(state: StoredState): state is FinalState {
  return FINAL.has(state);
}

/** The word for a job at time `now`: `retrying` once an attempt has failed, `scheduled` while `runAt` is ahead, else `queued`. */
export function shownState(
  job: { readonly state: StoredState; readonly attempt: number; readonly runAt: number },
  now: number,
): ShownState {
  if (job.state !== 'waiting') return job.state;
  if (job.attempt > 0) return 'retrying';
  return job.runAt > now ? 'scheduled' : 'queued';
}
