/**
 * The one place that decides what a command does to a job.
 *
 * `decide(job, command, now)` is pure and total: it returns the patch to write and the event that it means, or a refusal. It
 * never mutates its arguments and never reads a clock. Storing the patch is the caller's business, guarded by the states of
 * `TRANSITIONS[command]` and the fence or revision of the snapshot that was decided on; on `stale` the caller decides again.
 */
import { endedAsFinal, endedAttempt } from './attempts.ts';
import type { EndedAttempt, Failure, Job, JobPatch, Json, Progress, ResultMeta } from './job.ts';
import { NO_PROGRESS } from './job.ts';
import { askedWaitMs, backoffMs } from './retry.ts';
import { hasSignal, wentOn, withSignal } from './signals.ts';
import type { FinalState, StoredState } from './state.ts';
import { type CommandName, TRANSITIONS } from './transitions.ts';

/** `random` in [0, 1) spreads the retries; it is part of the command so that deciding stays pure. */
export type Command =
  | { readonly kind: 'claim'; readonly worker: string; readonly leaseMs: number }
  /** `waitMs`: not due before. */
  | { readonly kind: 'release'; readonly fence: number; readonly waitMs?: number }
  | { readonly kind: 'park'; readonly fence: number; readonly signal: string; readonly timeoutMs: number }
  /** `max`: how many signals a job may have. */
  | { readonly kind: 'signal'; readonly name: string; readonly value: Json; readonly max: number }
  | { readonly kind: 'report'; readonly fence: number; readonly percent?: number; readonly message?: string | null }
  | { readonly kind: 'succeed'; readonly fence: number; readonly result: ResultMeta | null }
  | {
      readonly kind: 'fail';
      readonly fence: number;
      readonly failure: Failure;
      readonly isRetryable: boolean;
      /** A wait that the failure itself asked for (an upstream's Retry-After); the longer of it and the backoff counts. */
      readonly retryAfterMs?: number;
      readonly random: number;
    }
  | { readonly kind: 'timeOut'; readonly fence: number; readonly random: number }
  | { readonly kind: 'lose'; readonly fence: number; readonly random: number }
  | { readonly kind: 'expire' }
  /** Of a parent that has ended. */
  | { readonly kind: 'giveUp'; readonly parent: Pick<Job, 'id' | 'state'> }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'stop'; readonly fence: number }
  | { readonly kind: 'retry' }
  | { readonly kind: 'prune' };

export type JobEvent =
  | 'claimed'
  | 'released'
  | 'parked'
  | 'signalled'
  | 'progressed'
  | 'succeeded'
  | 'failed'
  | 'retryScheduled'
  | 'expired'
  | 'cancelRequested'
  | 'cancelled'
  | 'requeued'
  | 'pruned';

export type RefusalReason =
  /** The command is not taken in this state. */
  | 'WRONG_STATE'
  /** The caller lost the job: somebody claimed it since. */
  | 'OLD_FENCE'
  /** The time for it has not come: not due, lease not over, deadline not passed. */
  | 'TOO_EARLY'
  /** It would change nothing (progress that is not new, a second cancel). */
  | 'NO_CHANGE'
  /** The job has as many signals as it may. */
  | 'NO_ROOM';

export type Decision =
  | { readonly kind: 'accepted'; readonly patch: JobPatch; readonly event: JobEvent }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** Attempts kept beside the latest one; older ones are dropped, since a job may be retried for weeks. */
export const ATTEMPT_HISTORY_MAX = 20;

export function decide(job: Job, command: Command, now: number): Decision {
  const row = TRANSITIONS[command.kind];
  if (!(row.from as readonly StoredState[]).includes(job.state)) return refused('WRONG_STATE');
  if ('fence' in command && command.fence !== job.fence) return refused('OLD_FENCE');
  return take(job, command, now);
}

/** The states in which a command is taken: what a guarded write of its patch must expect. */
export function expectedStates(command: CommandName): readonly StoredState[] {
  return TRANSITIONS[command].from;
}

function take(job: Job, command: Command, now: number): Decision {
  switch (command.kind) {
    case 'claim':
      return claim(job, command, now);
    case 'release':
      return release(job, command, now);
    case 'park':
      return park(job, command, now);
    case 'signal':
      return signal(job, command, now);
    case 'report':
      return report(job, command);
    case 'succeed':
      return succeed(command.result, now);
    case 'fail':
      return fail(job, command, now);
    case 'timeOut':
      return timeOut(job, command.random, now);
    case 'lose':
      return lose(job, command.random, now);
    case 'expire':
      return expire(job, now);
    case 'giveUp':
      return giveUp(job, command.parent, now);
    case 'cancel':
      return cancel(job, now);
    case 'stop':
      return stop(job, now);
    case 'retry':
      return retry(job, now);
    case 'prune':
      return accepted({}, 'pruned');
  }
}

function claim(job: Job, command: Extract<Command, { kind: 'claim' }>, now: number): Decision {
  if (job.runAt > now || job.marks?.awaitsParents === true) return refused('TOO_EARLY');
  return accepted(
    {
      state: 'running',
      attempt: job.attempt + 1,
      fence: job.fence + 1,
      worker: command.worker,
      leaseUntil: now + command.leaseMs,
      startedAt: now,
      progress: NO_PROGRESS,
    },
    'claimed',
  );
}

function release(job: Job, { waitMs }: Extract<Command, { kind: 'release' }>, now: number): Decision {
  if (job.cancelRequestedAt !== null) return cancelled(job, now);
  const given = { ...unheld('waiting'), attempt: job.attempt - 1, startedAt: null, progress: NO_PROGRESS };
  const later = waitMs === undefined ? {} : { runAt: now + waitMs };
  return accepted({ ...given, ...later, ...goesOn(job, now) }, 'released');
}

/** Its start and its progress stay: for whoever looks at it, it is still being worked on. */
function park(job: Job, { signal: name, timeoutMs }: Extract<Command, { kind: 'park' }>, now: number): Decision {
  if (job.cancelRequestedAt !== null) return cancelled(job, now);
  const marks = wentOn(job.marks ?? {}, now);
  const given = { ...unheld('waiting'), attempt: job.attempt - 1 };
  // Told meanwhile.
  if (hasSignal(marks, name)) return accepted({ ...given, runAt: now, marks }, 'parked');
  const until = now + timeoutMs;
  const { overdue = [], ...others } = marks;
  const left = overdue.filter((missed) => missed !== name);
  const parked = { ...others, ...(left.length === 0 ? {} : { overdue: left }), signal: { name, until } };
  return accepted({ ...given, runAt: until, marks: parked }, 'parked');
}

function signal(job: Job, { name, value, max }: Extract<Command, { kind: 'signal' }>, now: number): Decision {
  // An attempt that waited in vain has gone on without it, and will again.
  const marks = job.state === 'running' ? wentOn(job.marks ?? {}, now) : (job.marks ?? {});
  const { signals = {} } = marks;
  const isThere = hasSignal(marks, name);
  if (isThere && JSON.stringify(signals[name]?.value) === JSON.stringify(value)) return refused('NO_CHANGE');
  if (!isThere && Object.keys(signals).length >= max) return refused('NO_ROOM');
  const told = withSignal(marks, name, { value, at: now });
  const isDue = told.isAwaited && job.state === 'waiting';
  return accepted({ marks: told.marks, ...(isDue ? { runAt: now } : {}) }, 'signalled');
}

/** What it waited for in vain, where it goes on after an attempt that began so. */
function goesOn({ marks }: Job, now: number): Pick<JobPatch, 'marks'> {
  return marks?.signal === undefined ? {} : { marks: wentOn(marks, now) };
}

function report(job: Job, command: Extract<Command, { kind: 'report' }>): Decision {
  const progress: Progress = {
    percent: Math.max(job.progress.percent, clampPercent(command.percent ?? 0)),
    message: command.message === undefined ? job.progress.message : command.message,
  };
  if (progress.percent === job.progress.percent && progress.message === job.progress.message)
    return refused('NO_CHANGE');
  return accepted({ progress }, 'progressed');
}

function succeed(result: ResultMeta | null, now: number): Decision {
  return accepted(
    { ...over('succeeded'), finishedAt: now, progress: { percent: 100, message: null }, error: null, result },
    'succeeded',
  );
}

function fail(job: Job, command: Extract<Command, { kind: 'fail' }>, now: number): Decision {
  if (job.cancelRequestedAt !== null) return cancelled(job, now);
  const error = command.failure;
  const waitMs = Math.max(backoffMs(job.retry, job.attempt, command.random), askedWaitMs(command.retryAfterMs));
  if (command.isRetryable && canRetry(job, now + waitMs)) return again(job, { error, now, runAt: now + waitMs });
  return accepted({ ...over('failed'), finishedAt: now, error }, 'failed');
}

function timeOut(job: Job, random: number, now: number): Decision {
  if (job.cancelRequestedAt !== null) return cancelled(job, now);
  const isOverdue = job.deadlineAt !== null && job.deadlineAt <= now;
  const error = isOverdue ? overdue(job) : timedOut(job);
  const runAt = now + backoffMs(job.retry, job.attempt, random);
  if (!isOverdue && canRetry(job, runAt)) return again(job, { error, now, runAt });
  return accepted({ ...over('expired'), finishedAt: now, error }, 'expired');
}

function lose(job: Job, random: number, now: number): Decision {
  if (job.leaseUntil !== null && job.leaseUntil > now) return refused('TOO_EARLY');
  if (job.cancelRequestedAt !== null) return cancelled(job, now);
  const error = lost(job);
  const runAt = now + backoffMs(job.retry, job.attempt, random);
  if (canRetry(job, runAt)) return again(job, { error, now, runAt });
  return accepted({ ...over('failed'), finishedAt: now, error }, 'failed');
}

function expire(job: Job, now: number): Decision {
  if (job.deadlineAt === null || job.deadlineAt > now) return refused('TOO_EARLY');
  return accepted({ ...over('expired'), finishedAt: now, error: overdue(job) }, 'expired');
}

function giveUp(job: Job, parent: Pick<Job, 'id' | 'state'>, now: number): Decision {
  if (job.marks?.awaitsParents !== true) return refused('NO_CHANGE');
  return accepted({ ...over('failed'), finishedAt: now, error: parentFailed(parent) }, 'failed');
}

function cancel(job: Job, now: number): Decision {
  if (job.state === 'waiting') return cancelled(job, now);
  if (job.cancelRequestedAt !== null) return refused('NO_CHANGE');
  return accepted({ cancelRequestedAt: now }, 'cancelRequested');
}

function stop(job: Job, now: number): Decision {
  return job.cancelRequestedAt === null ? refused('TOO_EARLY') : cancelled(job, now);
}

function retry(job: Job, now: number): Decision {
  return accepted(
    {
      state: 'waiting',
      runAt: now,
      attempt: 0,
      ...withAttempt(job, endedAsFinal(job)),
      worker: null,
      startedAt: null,
      finishedAt: null,
      cancelRequestedAt: null,
      deadlineAt: job.deadlineMs === null ? null : now + job.deadlineMs,
      error: null,
      progress: NO_PROGRESS,
      ...begunAnew(job),
    },
    'requeued',
  );
}

/** Signals that have come stay; it may wait again for those that did not. */
function begunAnew({ marks, terms }: Job): Pick<JobPatch, 'marks'> {
  const { signal: _signal, overdue: _overdue, retries = 0, ...rest } = marks ?? {};
  // Its parents are looked at anew: one that had failed may have been retried as well.
  const held = terms?.after ? { awaitsParents: true } : {};
  return { marks: { ...rest, ...held, retries: retries + 1 } };
}

function canRetry(job: Job, runAt: number): boolean {
  return job.attempt < job.retry.attempts && (job.deadlineAt === null || runAt < job.deadlineAt);
}

interface Again {
  readonly error: Failure;
  readonly now: number;
  readonly runAt: number;
}

function again(job: Job, { error, now, runAt }: Again): Decision {
  const { code, message } = error;
  const ended = endedAttempt(job, { endedAt: now, outcome: 'failed', error: { code, message } });
  const patch = { ...unheld('waiting'), runAt, error, ...withAttempt(job, ended), ...goesOn(job, now) };
  return accepted(patch, 'retryScheduled');
}

function withAttempt({ attempts }: Job, ended: EndedAttempt | null): Pick<JobPatch, 'attempts'> {
  return ended === null ? {} : { attempts: [...attempts, ended].slice(-ATTEMPT_HISTORY_MAX) };
}

function cancelled(job: Job, now: number): Decision {
  const cancelRequestedAt = job.cancelRequestedAt ?? now;
  return accepted({ ...over('cancelled'), finishedAt: now, cancelRequestedAt }, 'cancelled');
}

function unheld(state: StoredState): Pick<Job, 'state' | 'leaseUntil' | 'worker'> {
  return { state, leaseUntil: null, worker: null };
}

/** The worker stays: who did it is a part of what is known of the latest attempt. */
function over(state: FinalState): Pick<Job, 'state' | 'leaseUntil'> {
  return { state, leaseUntil: null };
}

function timedOut(job: Job): Failure {
  return { code: 'ATTEMPT_TIMED_OUT', message: `The attempt took longer than ${job.timeoutMs} ms.`, details: null };
}

function overdue(job: Job): Failure {
  return { code: 'DEADLINE_PASSED', message: `The job was not done within ${job.deadlineMs} ms.`, details: null };
}

function parentFailed({ id, state }: Pick<Job, 'id' | 'state'>): Failure {
  return {
    code: 'PARENT_FAILED',
    message: `Job ${id}, which this one comes after, is ${state}.`,
    details: { parent: id, state },
  };
}

function lost(job: Job): Failure {
  return { code: 'WORKER_LOST', message: `Worker ${job.worker ?? 'unknown'} let its lease run out.`, details: null };
}

/** One decimal, rounded down so that nothing unfinished says 100. The margin is for 64.1 * 10, which is 640.9999999999999. */
function clampPercent(percent: number): number {
  if (!Number.isFinite(percent)) return 0;
  return Math.min(100, Math.max(0, Math.floor(percent * 10 + 1e-6) / 10));
}

function accepted(patch: JobPatch, event: JobEvent): Decision {
  return { kind: 'accepted', patch, event };
}

function refused(reason: RefusalReason): Decision {
  return { kind: 'refused', reason };
}
