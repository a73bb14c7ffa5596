/** All attempts of a job, as callers see them: those that it went on after, and the latest, which follows from the job itself and is stored nowhere else. */
import type { EndedAttempt, Job } from './job.ts';
import { isFinal, type StoredState } from './state.ts';

export interface Attempt extends Omit<EndedAttempt, 'endedAt' | 'outcome'> {
  /** Null while it runs. */
  readonly endedAt: number | null;
  readonly outcome: Exclude<StoredState, 'waiting'>;
}

/** In their order. */
export function attemptsOf(job: Job): readonly Attempt[] {
  const latest = latestOf(job);
  return latest === null ? job.attempts : [...job.attempts, latest];
}

/** Null where no attempt was made, or the job went on after the last one: it waits for the next, or ended waiting. */
function latestOf(job: Job): Attempt | null {
  const { attempt: number, fence, worker, startedAt, finishedAt, state } = job;
  // Nobody had it when it ended: it was parked.
  const wasParked = worker === null && job.marks?.signal !== undefined;
  if (state === 'waiting' || startedAt === null || wasParked || job.attempts.at(-1)?.fence === fence) return null;
  const facts = { number, fence, worker, startedAt, endedAt: finishedAt };
  // A job that runs or was cancelled still has the error of the attempt before.
  const hasFailed = state === 'failed' || state === 'expired';
  return { ...facts, outcome: state, error: hasFailed ? shownError(job) : null };
}

/** The latest attempt as one that the job goes on after; null where there is none of its own. */
export function endedAttempt(job: Job, end: Pick<EndedAttempt, 'endedAt' | 'outcome' | 'error'>): EndedAttempt | null {
  const { attempt: number, fence, worker, startedAt } = job;
  if (startedAt === null || job.attempts.at(-1)?.fence === fence) return null;
  return { number, fence, worker, startedAt, ...end };
}

/** A final job's latest attempt, before it is run again. */
export function endedAsFinal(job: Job): EndedAttempt | null {
  const latest = latestOf(job);
  if (latest === null || latest.endedAt === null || !isFinal(latest.outcome)) return null;
  return { ...latest, endedAt: latest.endedAt, outcome: latest.outcome };
}

function shownError({ error }: Job): EndedAttempt['error'] {
  return error === null ? null : { code: error.code, message: error.message };
}
