/**
 * How long jobs of a type have been taking, and what that says about one that is not done yet.
 *
 * The estimate is for pollers (Retry-After): the median of the newest runs, since one run of an hour among seconds must not
 * send everybody away for minutes. It promises nothing.
 */
import type { Job } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Changes } from '../changes.ts';

/** Enough for a steady median, and forgotten soon when a type changes its pace. */
const RUNS_KEPT = 50;
/** What to say of a type that has not finished a job yet. */
const UNKNOWN_MS = 1_000;

export interface Durations {
  /** Ms until `job` is likely to be done; 0 for a final one. */
  remainingMs(job: Job, now: number, waitingOfType: number, slots: number): number;
}

interface Runs {
  readonly newest: number[];
  next: number;
  median: number | null;
}

export function createDurations(changes: Changes): Durations {
  const types = new Map<string, Runs>();

  changes.listen((change) => {
    if (change.kind !== 'changed') return;
    const { type, state, startedAt, finishedAt } = change.job;
    if ((state !== 'succeeded' && state !== 'failed') || startedAt === null || finishedAt === null) return;
    const runs = types.get(type) ?? { newest: [], next: 0, median: null };
    types.set(type, runs);
    runs.newest[runs.next] = Math.max(0, finishedAt - startedAt);
    runs.next = (runs.next + 1) % RUNS_KEPT;
    runs.median = null;
  });
  const typicalMs = (type: string): number => {
    const runs = types.get(type);
    if (runs === undefined) return UNKNOWN_MS;
    runs.median ??= medianOf(runs.newest);
    return runs.median;
  };

  return {
    remainingMs(job, now, waitingOfType, slots) {
      if (isFinal(job.state)) return 0;
      const runMs = typicalMs(job.type);
      if (job.state === 'running') {
        const elapsedMs = Math.max(0, now - (job.startedAt ?? now));
        // Past the median nothing is known but that it takes longer than usual: look again after a tenth of what it took.
        return elapsedMs < runMs ? runMs - elapsedMs : Math.round(elapsedMs / 10);
      }
      const untilDueMs = Math.max(0, job.runAt - now);
      // Its place in the queue is not known without a query: as if at the end, which a fresh job is.
      const queueMs = (Math.max(0, waitingOfType - 1) / Math.max(1, slots)) * runMs;
      return Math.round(Math.max(untilDueMs, queueMs) + runMs);
    },
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? UNKNOWN_MS;
}
