/**
 * One attempt: runs the handler of a claimed job, watches its time, and records exactly one outcome.
 *
 *   start -> handler runs -> it ends, or is abandoned -> verdict -> recorded, or dropped
 *
 * 1. The handler is told to stop at most once, with the reason: cancel, timeout, shutdown or lost. A lease that is lost after
 *    another reason still turns the verdict into "drop".
 * 2. Told to stop, it has `cancelGraceMs`; then the job goes on without it.
 * 3. The verdict follows from the reason and the handler's answer in one place (`verdictOf`).
 * 4. Recording is fenced. While the store is away it is tried again for `RECORD_LEASES` leases: nobody can take the job
 *    over without the store either, and the fence refuses a completion that comes too late.
 */
import type { Command } from '../../core/decide.ts';
import { BideError } from '../../core/errors.ts';
import type { Failure, Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { backoffMs } from '../../core/retry.ts';
import { type Target, TRANSITIONS } from '../../core/transitions.ts';
import type { ClaimedJob, ResultContent } from '../../store/contract.ts';
import type { AbortReason, AttemptOutcome, CheckAttempt, Handler } from '../api.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { Carried, Commands } from '../commanding/commands.ts';
import type { EngineBase } from '../engine-base.ts';
import { resultComplaint } from '../json-check.ts';
import { attemptFacts } from '../telemetry.ts';
import { boundedFailure, failureOf, stackOf } from './failure.ts';
import { createProgressReporter, type ProgressReporter, type Report } from './progress.ts';

export interface LiveAttempt {
  readonly job: Job;
  /** By the steady counter of this process, as far as it knows; moved on by heartbeats. */
  leaseEndsAt: number;
  /** False once the handler has ended or was abandoned. */
  readonly isRunning: boolean;
  abort(reason: AbortReason): void;
  /** Goes on without the handler, and without the store if that is away. */
  abandon(): void;
  /** Why the handler could not even begin, once the attempt has ended; null where it did. */
  readonly notStarted: string | null;
  /** The handler has ended or was abandoned: its slot is free. */
  readonly ended: Promise<void>;
  /** The outcome is stored or dropped. Never rejects. */
  readonly settled: Promise<void>;
}

export interface AttemptOptions extends Pick<EngineBase, 'clock' | 'limits' | 'telemetry' | 'random'> {
  readonly commands: Commands;
  readonly checkAttempt?: ReadonlyMap<string, CheckAttempt>;
}

/** What is recorded of an attempt; null: nothing, the job is not this worker's any more. */
type Verdict = { readonly command: Command; readonly result: ResultContent | null } | null;

/** Between two tries to record an outcome while the store is away. */
const RECORD_BACKOFF = { attempts: Number.POSITIVE_INFINITY, backoffMs: 50, factor: 2, maxMs: 1_000 };

/** Five minutes with the usual lease: a database that fails over takes less, and a finished result is worth the memory. */
const RECORD_LEASES = 10;

const ABANDONED: unique symbol = Symbol('abandoned');

export function startAttempt(options: AttemptOptions, claimed: ClaimedJob, handler: Handler): LiveAttempt {
  return new RunningAttempt(options, claimed, handler);
}

class RunningAttempt implements LiveAttempt {
  readonly job: Job;
  leaseEndsAt: number;
  isRunning = true;
  notStarted: string | null = null;
  readonly ended: Promise<void>;
  readonly settled: Promise<void>;
  readonly #options: AttemptOptions;
  readonly #controller = new AbortController();
  readonly #handlerLeft = Promise.withResolvers<typeof ABANDONED>();
  readonly #timers: CancelTimer[] = [];
  #reason: AbortReason | null = null;
  #isGivenUp = false;

  constructor(options: AttemptOptions, { job, input }: ClaimedJob, handler: Handler) {
    this.#options = options;
    this.job = job;
    const { clock } = options;
    this.leaseEndsAt = clock.steady() + Math.max(0, (job.leaseUntil ?? 0) - clock.now());
    const outcome = this.#conduct(input, handler);
    this.ended = outcome.then(nothing, nothing);
    this.settled = outcome
      .then((ended) => this.#settle(ended))
      .catch((error) => options.telemetry.emit({ kind: 'internalError', where: 'attempt', error }));
  }

  abort(why: AbortReason): void {
    const { clock, limits, telemetry } = this.#options;
    if (this.#reason === 'lost' || (this.#reason !== null && why !== 'lost')) return;
    if (why === 'lost') telemetry.emit({ kind: 'attemptLost', fence: this.job.fence, ...attemptFacts(this.job) });
    const isFirst = this.#reason === null;
    this.#reason = why;
    if (!isFirst) return;
    this.#controller.abort(why);
    this.#timers.push(clock.after(limits.cancelGraceMs, () => this.#handlerLeft.resolve(ABANDONED)));
  }

  abandon(): void {
    this.#isGivenUp = true;
    this.#handlerLeft.resolve(ABANDONED);
  }

  async #conduct(input: string, handler: Handler): Promise<AttemptOutcome> {
    // The attempt must be known to its keeper before its handler can do anything.
    await null;
    const { clock, limits, telemetry } = this.#options;
    const progress = createProgressReporter({
      clock,
      intervalMs: limits.progressIntervalMs,
      messageLengthMax: limits.progressMessageLengthMax,
      send: (report) => sendReport(this.#options, this, report),
    });
    const endsAt = attemptEndsAt(this.job);
    // A claim does not look at deadlines: one that came before the sweeper must not begin what is over already.
    if (endsAt !== null && endsAt <= clock.now()) this.abort('timeout');
    else if (endsAt !== null) this.#timers.push(clock.after(endsAt - clock.now(), () => this.abort('timeout')));
    const outcome = await Promise.race([this.#run(input, handler, progress), this.#handlerLeft.promise]);
    this.isRunning = false;
    progress.stop();
    for (const cancel of this.#timers) cancel();
    if (outcome !== ABANDONED) {
      if (outcome.kind === 'notStarted') this.notStarted = outcome.reason;
      return outcome;
    }
    telemetry.emit({ kind: 'attemptAbandoned', reason: this.#reason ?? 'shutdown', ...attemptFacts(this.job) });
    return { kind: 'aborted' };
  }

  async #run(input: string, handler: Handler, progress: ProgressReporter): Promise<AttemptOutcome> {
    if (this.#reason !== null) return { kind: 'aborted' };
    const { job } = this;
    const { signal } = this.#controller;
    const { telemetry, limits } = this.#options;
    const log = (text: string) => {
      const line = String(text).slice(0, limits.errorMessageLengthMax);
      telemetry.emit({ kind: 'jobLogged', line, ...attemptFacts(job) });
    };
    try {
      const refused = await refusalOf(this.#options.checkAttempt, job, signal);
      if (refused !== null) return { kind: 'failed', failure: refused, isRetryable: false };
      if (signal.aborted) return { kind: 'aborted' };
      const outcome = await handler.run({ job, input, signal, report: progress.report, log });
      return await taken(limits, outcome);
    } catch (thrown) {
      const stack = stackOf(thrown);
      return { kind: 'failed', failure: failureOf(thrown), isRetryable: true, ...(stack === null ? {} : { stack }) };
    }
  }

  async #settle(outcome: AttemptOutcome): Promise<void> {
    if (outcome.kind === 'failed' && outcome.stack !== undefined) {
      this.#options.telemetry.emit({ kind: 'attemptFailed', stack: outcome.stack, ...attemptFacts(this.job) });
    }
    const verdict = verdictOf(this.#options, this.job, this.#reason, outcome);
    if (verdict !== null) await record(this.#options, this, verdict, () => this.#isGivenUp);
  }
}

/** Why a claimed job may not run, from the dialect that it came from. At once for the many that came by none. */
export function refusalOf(
  checks: AttemptOptions['checkAttempt'],
  job: Job,
  signal: AbortSignal,
): Promise<Failure | null> | null {
  const check = job.origin === null ? undefined : checks?.get(job.origin.dialect);
  return check === undefined ? null : check(job, signal);
}

/** A result that calls itself JSON and is not ends the attempt for good: another one would return the like. */
async function taken(limits: Limits, outcome: AttemptOutcome): Promise<AttemptOutcome> {
  if (outcome.kind !== 'succeeded' || outcome.result === null) return outcome;
  // One that is too large fails for that, unread.
  if (outcome.result.bytes.byteLength > limits.resultBytesMax) return outcome;
  const complaint = await resultComplaint(outcome.result, limits);
  if (complaint === null) return outcome;
  const message = `The result calls itself ${outcome.result.contentType}, but ${complaint}.`;
  return { kind: 'failed', failure: { code: 'RESULT_NOT_JSON', message, details: null }, isRetryable: false };
}

/** When the attempt must be over: its own timeout or the deadline of the whole job, whichever comes first. */
function attemptEndsAt(job: Job): number | null {
  const timeoutAt = job.timeoutMs === null ? null : (job.startedAt ?? 0) + job.timeoutMs;
  if (timeoutAt === null || job.deadlineAt === null) return timeoutAt ?? job.deadlineAt;
  return Math.min(timeoutAt, job.deadlineAt);
}

function verdictOf(options: AttemptOptions, job: Job, reason: AbortReason | null, outcome: AttemptOutcome): Verdict {
  const { fence } = job;
  const random = options.random();
  switch (reason) {
    case 'lost':
      return null;
    case 'timeout':
      // Also when the handler brings a result after its time: whether a job timed out must not depend on how it reacts.
      return plain({ kind: 'timeOut', fence, random });
    case 'cancel':
      return outcome.kind === 'succeeded' ? finished(options, job, outcome, random) : plain({ kind: 'stop', fence });
    case 'shutdown':
      // A failure now is most likely the echo of the signal. The attempt is given back, so a real one shows next time.
      return outcome.kind === 'succeeded' ? finished(options, job, outcome, random) : plain({ kind: 'release', fence });
    case null:
      return finished(options, job, outcome, random);
  }
}

/** The verdict on a handler that ended by itself. */
function finished({ limits }: AttemptOptions, job: Job, outcome: AttemptOutcome, random: number): Verdict {
  const { fence } = job;
  switch (outcome.kind) {
    case 'released':
    case 'notStarted':
      return plain({ kind: 'release', fence });
    case 'aborted': {
      const failure = failureOf('The handler stopped although nobody had asked it to.');
      return plain({ kind: 'fail', fence, failure, isRetryable: true, random });
    }
    case 'failed': {
      const { isRetryable, retryAfterMs } = outcome;
      const failure = boundedFailure(outcome.failure, limits);
      return plain({
        kind: 'fail',
        fence,
        failure,
        isRetryable,
        random,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
    case 'succeeded':
      return succeeded(limits, fence, outcome.result, random);
  }
}

function succeeded(limits: Limits, fence: number, result: ResultContent | null, random: number): Verdict {
  if (result === null) return plain({ kind: 'succeed', fence, result: null });
  const bytes = result.bytes.byteLength;
  if (bytes <= limits.resultBytesMax)
    return { command: { kind: 'succeed', fence, result: { contentType: result.contentType, bytes } }, result };
  const message = `The result has ${bytes} bytes; the limit is ${limits.resultBytesMax}.`;
  const details = { limit: 'resultBytesMax', value: limits.resultBytesMax, bytes };
  const failure = { code: 'RESULT_TOO_LARGE', message, details };
  return plain({ kind: 'fail', fence, failure, isRetryable: false, random });
}

function plain(command: Command): Verdict {
  return { command, result: null };
}

async function record(
  { commands, clock, limits, telemetry, random }: AttemptOptions,
  live: LiveAttempt,
  { command, result }: Exclude<Verdict, null>,
  isGivenUp: () => boolean,
): Promise<void> {
  const { job } = live;
  for (let tries = 1; ; tries += 1) {
    try {
      const carried = await commands.carryOut(job.id, command, job, result);
      if (!isRecorded(carried, command, job)) live.abort('lost');
      return;
    } catch (error) {
      if (isGivenUp() || clock.steady() >= live.leaseEndsAt + patienceMs(error, limits)) {
        telemetry.emit({ kind: 'outcomeDropped', error, ...attemptFacts(job) });
        return;
      }
      await pause(clock, backoffMs(RECORD_BACKOFF, tries, random()));
    }
  }
}

/** How long after the end of the lease recording is tried. What the store calls a fault of its own will not heal by waiting. */
function patienceMs(error: unknown, limits: Limits): number {
  const isAway = error instanceof BideError && error.kind !== 'internal';
  return isAway ? limits.leaseMs * RECORD_LEASES : 0;
}

/** Also when an earlier try had landed although its answer was lost: the job is where the command leads, under the same fence. */
function isRecorded(carried: Carried, command: Command, job: Job): boolean {
  if (carried.kind === 'applied') return true;
  if (carried.kind !== 'refused' || carried.snapshot.job.fence !== job.fence) return false;
  return (TRANSITIONS[command.kind].to as readonly Target[]).includes(carried.snapshot.job.state);
}

async function sendReport({ commands }: AttemptOptions, live: LiveAttempt, report: Report): Promise<void> {
  const { id, fence } = live.job;
  try {
    const carried = await commands.carryOut(id, { kind: 'report', fence, ...report }, live.job);
    const isHeld = carried.kind === 'applied' || (carried.kind === 'refused' && carried.reason === 'NO_CHANGE');
    // A report that its own outcome overtook is refused too, and says nothing.
    if (!isHeld && live.isRunning) live.abort('lost');
  } catch {
    // Progress is worth no retry: the next report carries it, and a store that is away is told of by the loops.
  }
}

function nothing(): void {}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
