/** When the safety poll of a shared store is due, at jittered times, so that many processes do not ask at once. */
import type { EngineBase } from './engine-base.ts';

export interface PollTimer {
  /** True when a poll is due now; the next one is then set. Never where one process owns the store. */
  isDue(): boolean;
  /** Until the next poll or until `nextAt`, whichever comes first; null to sleep until woken. */
  sleepMs(nextAt: number | null): number | null;
}

export function createPollTimer(options: Pick<EngineBase, 'store' | 'clock' | 'limits' | 'random'>): PollTimer {
  const { store, clock, limits, random } = options;
  let pollAt = store.facts.isShared ? 0 : Number.POSITIVE_INFINITY;

  return {
    isDue() {
      if (clock.now() < pollAt) return false;
      pollAt = clock.now() + limits.pollIntervalMs * (0.75 + random() / 2);
      return true;
    },
    sleepMs(nextAt) {
      const until = Math.min(pollAt, nextAt ?? Number.POSITIVE_INFINITY);
      return until === Number.POSITIVE_INFINITY ? null : Math.max(1, until - clock.now());
    },
  };
}
