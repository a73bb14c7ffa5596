/**
 * When to look at a job again: how long jobs of its type have been taking, and what that says about one that is not done yet.
 *
 * Whoever comes back as told shall be late by a tenth of the duration or a second, and rarely have looked in vain. So the advice is the earliest time at which
 * a job is likely to be done, and a tenth more: jobs that end in between are all learned of then. The next look is at the next such time, over gaps in the
 * distribution. A type whose runs differ widely would be looked at again and again; its steps are wider, up to half of the time so far.
 */
import type { Job } from '../../core/job.ts';
import { isParked } from '../../core/signals.ts';
import { isFinal } from '../../core/state.ts';
import type { Change, Changes } from '../changes.ts';
import type { Population } from './population.ts';
import { RunHistogram } from './run-histogram.ts';

/** What to say of a type that has not finished a job yet. */
const UNKNOWN_MS = 1_000;
const SECOND_MS = 1_000;
/** Those that end even earlier learn of it late. */
const EARLIEST_SHARE = 0.03;
/** Lateness as a part of the duration. */
const LATE_SHARES = [0.1, 0.15, 0.2, 0.3, 0.4];
/** For types that none of those suffices for. */
const WIDEST = 0.5;
const LOOKS = 3;
/** Between two looks at a job that waits for a person: they are still there for what comes next. */
const PARKED_MS_MAX = 30_000;
/** The step is found anew after so many runs: it costs as much as a poll. */
const RUNS_PER_STEP = 20;

export interface Durations {
  /** Ms until `job` is worth another look, in whole seconds as the header has them; 0 for a final one. */
  remainingMs(job: Job, now: number, slots: number): number;
}

interface Queue {
  readonly histogram: RunHistogram;
  /** Numbers of jobs: the queue is between them. */
  claimed: number;
  submitted: number;
  /** Found when so many runs were added. */
  step: { readonly share: number; readonly added: number } | null;
}

export function createDurations(changes: Changes, population: Pick<Population, 'waitingOf' | 'runningOf'>): Durations {
  const types = new Map<string, Queue>();

  changes.listen((change) => {
    if (change.kind !== 'changed') return;
    const { job } = change;
    const known = types.get(job.type);
    const queue = known ?? { histogram: new RunHistogram(), claimed: 0, submitted: 0, step: null };
    if (known === undefined) types.set(job.type, queue);
    note(queue, change);
  });

  return {
    remainingMs(job, now, slots) {
      if (isFinal(job.state)) return 0;
      const queue = types.get(job.type);
      if (job.state === 'running') {
        const elapsedMs = Math.max(0, now - (job.startedAt ?? now));
        return wholeSeconds(lookAt(queue, elapsedMs, 0) - elapsedMs);
      }
      if (isParked(job)) return parkedMs(now - (job.startedAt ?? now));
      const queuedMs = queue === undefined ? 0 : queueMs(queue, job, { slots, population });
      const beforeMs = Math.max(0, job.runAt - now, queuedMs);
      const ageMs = Math.max(0, now - job.createdAt);
      return wholeSeconds(lookAt(queue, 0, beforeMs + ageMs) - ageMs);
    },
  };
}

/** What a parked job waits for comes whenever it does; its `runAt` says only when it gives up, a week from now unless told. */
function parkedMs(elapsedMs: number): number {
  return wholeSeconds(Math.min(PARKED_MS_MAX, elapsedMs * 0.1));
}

function note(queue: Queue, { job, cause }: Change): void {
  if (cause === 'submitted') queue.submitted = Math.max(queue.submitted, job.number);
  // The last one, not the highest: a job that overtakes others says nothing of them.
  if (cause === 'claimed') queue.claimed = job.number;
  const { state, startedAt, finishedAt } = job;
  if ((state !== 'succeeded' && state !== 'failed') || startedAt === null || finishedAt === null) return;
  queue.histogram.add(Math.max(0, finishedAt - startedAt));
}

/** When a run that has taken so long is worth a look, counted from its start; `aheadMs` are waited before it begins and count as duration, too. */
function lookAt(queue: Queue | undefined, elapsedMs: number, aheadMs: number): number {
  const histogram = queue?.histogram;
  if (queue === undefined || histogram === undefined || histogram.runs === 0)
    return aheadMs + Math.max(UNKNOWN_MS, elapsedMs * 1.1);
  const earliest = histogram.quantileMs(EARLIEST_SHARE, elapsedMs);
  // Longer than all that are known: nothing but the time so far says anything.
  const doneMs = aheadMs + (earliest ?? elapsedMs);
  return doneMs + Math.max(SECOND_MS, doneMs * lateShare(queue));
}

function lateShare(queue: Queue): number {
  const { histogram, step } = queue;
  if (step !== null && histogram.added - step.added < Math.min(RUNS_PER_STEP, step.added)) return step.share;
  queue.step = { share: lateShareOf(histogram), added: histogram.added };
  return queue.step.share;
}

/** The smallest step with which so many looks find most jobs. */
function lateShareOf(histogram: RunHistogram): number {
  const longMs = histogram.quantileMs(0.9, 0) ?? 0;
  return LATE_SHARES.find((share) => reachedMs(histogram, share) >= longMs) ?? WIDEST;
}

/** Up to where `LOOKS` looks find jobs that begin at once. */
function reachedMs(histogram: RunHistogram, share: number): number {
  let ms = 0;
  for (let look = 1; look <= LOOKS; look += 1) {
    const earliestMs = histogram.quantileMs(EARLIEST_SHARE, ms) ?? ms;
    ms = earliestMs + Math.max(SECOND_MS, earliestMs * share);
  }
  return ms;
}

/** How long the jobs ahead take. Its place is where its number is between the last claimed and the newest, since nobody counts them one by one. */
function queueMs(
  { histogram, claimed, submitted }: Queue,
  { type, number }: Job,
  { slots, population }: { readonly slots: number; readonly population: Pick<Population, 'waitingOf' | 'runningOf'> },
): number {
  const [waiting, running] = [population.waitingOf(type), population.runningOf(type)];
  const part = submitted > claimed ? Math.min(1, Math.max(0, (number - claimed) / (submitted - claimed))) : 1;
  const place = Math.max(1, Math.round(waiting * part));
  // Other processes have slots of their own.
  const atOnce = Math.max(1, slots, running);
  const isFree = running + place <= atOnce;
  return isFree ? 0 : (place / atOnce) * (histogram.meanMs || UNKNOWN_MS);
}

/** Rounded down, since rounding up is late; what is late by less than a second is not. */
function wholeSeconds(ms: number): number {
  return Math.max(1, Math.floor(ms / SECOND_MS)) * SECOND_MS;
}
