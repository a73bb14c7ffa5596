/**
 * One attempt: runs the handler of a claimed job, watches its time, and records exactly one outcome.
 *
 *   begin -> handler runs -> it ends, or is abandoned -> verdict -> recorded, or dropped
 *
 * 1. The handler is told to stop at most once, with the reason: cancel, timeout, shutdown or lost. A lease that is lost after
 *    another reason still turns the verdict into "drop".
 * 2. Told to stop, it has `cancelGraceMs`; then the job goes on without it.
 * 3. The verdict follows from the reason and the handler's answer in one place (`verdict.ts`).
 * 4. Recording is fenced. While the store is away it is tried again for `RECORD_LEASES` leases: nobody can take the job over
 *    without the store either, and the fence refuses a completion that comes too late.
 *
 * There are as many of these as jobs, so an attempt is one object that is told what happens to it: its only promise is the handler's own, and
 * timer, signal and reporter are made where one is needed. With a promise per step an attempt cost 30 us of CPU.
 */
import type { Command } from '../../core/decide.ts';
import { BideError } from '../../core/errors.ts';
import type { Failure, Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { backoffMs } from '../../core/retry.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import { type Target, TRANSITIONS } from '../../core/transitions.ts';
import type { ClaimedJob } from '../../store/contract.ts';
import type { OpenSpan } from '../../trace/open-span.ts';
import type { AbortReason, AttemptOutcome, CheckAttempt, Handler, ParentJob } from '../api.ts';
import type { CancelTimer } from '../clock.ts';
import type { Asker, Carried, Commands } from '../commanding/commands.ts';
import type { EngineBase } from '../engine-base.ts';
import { resultComplaint } from '../json-check.ts';
import type { CloseKey } from '../limits/key-limits.ts';
import { AttemptLog } from '../logging/attempt-log.ts';
import { AttemptOutput } from '../logging/attempt-output.ts';
import type { Logs } from '../logging/logs.ts';
import type { ParentJobs } from '../reading/relations.ts';
import { attemptFacts } from '../telemetry.ts';
import { attemptSpanEnd, openAttemptSpan } from '../tracing/attempt-span.ts';
import { withCallerTrace } from '../tracing/caller-trace.ts';
import { failureOf, stackOf } from './failure.ts';
import { type AttemptParts, GivenAttempt } from './given-attempt.ts';
import { createProgressReporter, type ProgressReporter, type Report } from './progress.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface LiveAttempt {
  readonly job: Job;
  /** By the steady counter of this process, as far as it knows; moved on by heartbeats. */
  leaseEndsAt: number;
  /** When it must be over, by the same counter: its own timeout or the deadline of the whole job, whichever comes first. */
  readonly endsAt: number;
  /** False once the handler has ended or was abandoned. */
  readonly isRunning: boolean;
  /** Runs the handler. Its keeper knows the attempt by then: the handler may do anything. */
  begin(): void;
  abort(reason: AbortReason): void;
  /** Goes on without the handler, and without the store if that is away. */
  abandon(): void;
  /** Why the handler could not even begin, once the attempt has ended; null where it did. */
  readonly notStarted: string | null;
  /** The outcome is stored or dropped. Never rejects. */
  readonly settled: Promise<void>;
}

/** Who started an attempt. Neither of the two may throw. */
export interface AttemptKeeper {
  /** The handler has ended or was abandoned: its slot is free. */
  ended(attempt: LiveAttempt): void;
  /** The outcome is stored or dropped. */
  settled(attempt: LiveAttempt): void;
}

export interface AttemptOptions extends Pick<EngineBase, 'clock' | 'limits' | 'telemetry' | 'random'> {
  readonly logs: Logs;
  readonly commands: Commands;
  readonly parentJobs: ParentJobs;
  readonly closeKey: CloseKey;
  readonly checkAttempt?: ReadonlyMap<string, CheckAttempt>;
}

/** Between two tries to record an outcome while the store is away. */
const RECORD_BACKOFF = { attempts: Number.POSITIVE_INFINITY, backoffMs: 50, factor: 2, maxMs: 1_000 };

/** Five minutes with the usual lease: a database that fails over takes less, and a finished result is worth the memory. */
const RECORD_LEASES = 10;

export function createAttempt(
  options: AttemptOptions,
  claimed: ClaimedJob,
  handler: Handler,
  keeper: AttemptKeeper,
): LiveAttempt {
  return new RunningAttempt(options, claimed, handler, keeper);
}

class RunningAttempt implements LiveAttempt, AttemptParts, Asker {
  readonly job: Job;
  readonly options: AttemptOptions;
  readonly endsAt: number;
  trace: TraceContext | null;
  leaseEndsAt: number;
  isRunning = true;
  notStarted: string | null = null;
  readonly #input: string;
  readonly #handler: Handler;
  readonly #keeper: AttemptKeeper;
  #controller: AbortController | null = null;
  #reporter: ProgressReporter | null = null;
  #log: AttemptLog | null = null;
  #output: AttemptOutput | null = null;
  #cancelGrace: CancelTimer | null = null;
  #reason: AbortReason | null = null;
  #verdict: Verdict = null;
  #tries = 0;
  #isGivenUp = false;
  #isSettled = false;
  #span: OpenSpan | null = null;
  #settled: PromiseWithResolvers<void> | null = null;

  constructor(options: AttemptOptions, { job, input }: ClaimedJob, handler: Handler, keeper: AttemptKeeper) {
    this.options = options;
    this.job = job;
    this.trace = job.terms?.trace ?? null;
    this.#input = input;
    this.#handler = handler;
    this.#keeper = keeper;
    const { clock } = options;
    const now = clock.now();
    const steady = clock.steady();
    this.leaseEndsAt = steady + Math.max(0, (job.leaseUntil ?? 0) - now);
    this.endsAt = steady + (attemptEndsAt(job) - now);
  }

  begin(): void {
    this.#span = openAttemptSpan(this.job);
    if (this.#span !== null) this.trace = this.#span.trace;
    // A claim does not look at deadlines: one that came before the sweeper must not begin what is over already.
    if (this.endsAt <= this.options.clock.steady()) this.abort('timeout');
    const refusal = this.#reason === null ? refusalOf(this.options.checkAttempt, this.job, () => this.signal()) : null;
    if (refusal === null) this.#judged(null);
    else this.#await(refusal, (failure) => this.#judged(failure));
  }

  abort(why: AbortReason): void {
    const { clock, limits, telemetry } = this.options;
    if (this.#reason === 'lost' || (this.#reason !== null && why !== 'lost')) return;
    if (why === 'lost') telemetry.emit({ kind: 'attemptLost', fence: this.job.fence, ...attemptFacts(this.job) });
    const isFirst = this.#reason === null;
    this.#reason = why;
    if (!isFirst || !this.isRunning) return;
    this.#controller?.abort(why);
    this.#cancelGrace = clock.after(limits.cancelGraceMs, () => this.#leave());
  }

  abandon(): void {
    this.#isGivenUp = true;
    this.#leave();
  }

  get settled(): Promise<void> {
    this.#settled ??= Promise.withResolvers();
    if (this.#isSettled) this.#settled.resolve();
    return this.#settled.promise;
  }

  get isStopped(): boolean {
    return this.#reason !== null;
  }

  signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  reporter(): ProgressReporter {
    if (this.#reporter === null) {
      const { clock, limits } = this.options;
      this.#reporter = createProgressReporter({
        clock,
        intervalMs: limits.progressIntervalMs,
        messageLengthMax: limits.progressMessageLengthMax,
        send: (report) => sendReport(this.options, this, report),
      });
      if (!this.isRunning) this.#reporter.stop();
    }
    return this.#reporter;
  }

  log(): AttemptLog {
    if (this.#log === null) {
      this.#log = new AttemptLog(this.options, this.job, () => this.#wasLost());
      if (!this.isRunning) this.#log.stop();
    }
    return this.#log;
  }

  output(): AttemptOutput {
    if (this.#output === null) {
      this.#output = new AttemptOutput(this.options, this.job, () => this.#wasLost());
      if (!this.isRunning) this.#output.stop();
    }
    return this.#output;
  }

  parents(): Promise<readonly ParentJob[]> {
    return this.options.parentJobs(this.job);
  }

  /** What is said after its end says nothing of the lease. */
  #wasLost(): void {
    if (this.isRunning) this.abort('lost');
  }

  #judged(refused: Failure | null): void {
    if (refused !== null) this.#over({ kind: 'failed', failure: refused, isRetryable: false });
    else if (this.#reason !== null) this.#over({ kind: 'aborted' });
    else this.#run();
  }

  #run(): void {
    try {
      // Whatever a handler returns in spite of its type, as `await` would take it.
      const given = new GivenAttempt(this, this.#input);
      const span = this.#span;
      const run = () => this.#handler.run(given);
      const running = Promise.resolve(withCallerTrace(this.trace, span === null ? run : () => span.run(run)));
      this.#await(running, (outcome) => this.#came(outcome));
    } catch (thrown) {
      this.#threw(thrown);
    }
  }

  #came(outcome: AttemptOutcome): void {
    if (!this.isRunning) return;
    try {
      const complaint = complaintOf(outcome, this.options.limits);
      if (complaint instanceof Promise) this.#await(complaint, (said) => this.#over(complained(outcome, said)));
      else this.#over(complained(outcome, complaint));
    } catch (thrown) {
      this.#threw(thrown);
    }
  }

  #threw(thrown: unknown): void {
    const stack = stackOf(thrown);
    this.#over({ kind: 'failed', failure: failureOf(thrown), isRetryable: true, ...(stack === null ? {} : { stack }) });
  }

  #await<T>(promise: Promise<T>, come: (value: T) => void): void {
    void promise.then(come, (thrown) => this.#threw(thrown));
  }

  /** Goes on without the handler. */
  #leave(): void {
    if (!this.isRunning) return;
    const reason = this.#reason ?? 'shutdown';
    this.options.telemetry.emit({ kind: 'attemptAbandoned', reason, ...attemptFacts(this.job) });
    this.#over({ kind: 'aborted' });
  }

  /** The first end counts. */
  #over(outcome: AttemptOutcome): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#reporter?.stop();
    this.#cancelGrace?.();
    if (outcome.kind === 'notStarted') this.notStarted = outcome.reason;
    this.#keeper.ended(this);
    if (outcome.kind === 'later' && this.job.terms?.limit !== undefined) this.#closeThenJudge(outcome.waitMs);
    else this.#judgeSafely(outcome);
  }

  /** Closed before the job is back, so that it cannot be claimed in between. */
  #closeThenJudge(waitMs: number): void {
    void this.options.closeKey(this.job, waitMs).then(
      () => this.#judgeSafely({ kind: 'released' }),
      // The job waits by itself then.
      () => this.#judgeSafely({ kind: 'later', waitMs }),
    );
  }

  #judgeSafely(outcome: AttemptOutcome): void {
    try {
      this.#judge(outcome);
    } catch (error) {
      this.options.telemetry.emit({ kind: 'internalError', where: 'attempt', error });
      this.#settle();
    }
  }

  #judge(outcome: AttemptOutcome): void {
    const { limits, random, telemetry } = this.options;
    if (outcome.kind === 'failed' && outcome.stack !== undefined)
      telemetry.emit({ kind: 'attemptFailed', stack: outcome.stack, ...attemptFacts(this.job) });
    this.#verdict = verdictOf({ job: this.job, reason: this.#reason, outcome, random: random(), limits });
    if (this.#verdict === null) this.#settle();
    else this.#record(this.#verdict);
  }

  #record({ command, result }: Exclude<Verdict, null>): void {
    this.#tries += 1;
    const carry = () => this.options.commands.carry({ id: this.job.id, command, seen: this.job, result }, this);
    const log = this.#log?.flush() ?? null;
    const output = this.#output?.flush() ?? null;
    if (log === null && output === null) carry();
    else void Promise.all([log, output]).then(carry, (error) => this.failed(error));
  }

  carried(carried: Carried): void {
    const isStored = this.#verdict !== null && isRecorded(carried, this.#verdict.command, this.job);
    if (!isStored) this.abort('lost');
    this.#settle(isStored && 'snapshot' in carried ? carried.snapshot.job : null);
  }

  failed(error: unknown): void {
    const { clock, limits, random, telemetry } = this.options;
    const verdict = this.#verdict;
    const isTooLate = clock.steady() >= this.leaseEndsAt + patienceMs(error, limits);
    if (verdict !== null && !this.#isGivenUp && !isTooLate) {
      clock.after(backoffMs(RECORD_BACKOFF, this.#tries, random()), () => this.#record(verdict));
      return;
    }
    telemetry.emit({ kind: 'outcomeDropped', error, ...attemptFacts(this.job) });
    this.#settle();
  }

  /** @param after the job once the outcome is stored */
  #settle(after: Job | null = null): void {
    this.#isSettled = true;
    this.#span?.end(attemptSpanEnd(this.#reason === 'lost' ? null : (this.#verdict?.command ?? null), after));
    this.#log?.stop();
    this.#output?.stop();
    this.#settled?.resolve();
    this.#keeper.settled(this);
  }
}

/** Why a claimed job may not run, from the dialect that it came from. At once for the many that came by none. */
export function refusalOf(
  checks: AttemptOptions['checkAttempt'],
  job: Job,
  signal: () => AbortSignal,
): Promise<Failure | null> | null {
  const check = job.origin === null ? undefined : checks?.get(job.origin.dialect);
  return check === undefined ? null : check(job, signal());
}

/** What is wrong with a result that calls itself JSON and is not; null where nothing is. */
function complaintOf(outcome: AttemptOutcome, limits: Limits): string | null | Promise<string | null> {
  if (outcome.kind !== 'succeeded' || outcome.result === null) return null;
  // One that is too large fails for that, unread.
  return outcome.result.bytes.byteLength > limits.resultBytesMax ? null : resultComplaint(outcome.result, limits);
}

/** A result that was complained about ends the attempt for good: another one would return the like. */
function complained(outcome: AttemptOutcome, complaint: string | null): AttemptOutcome {
  if (complaint === null || outcome.kind !== 'succeeded') return outcome;
  const message = `The result calls itself ${outcome.result?.contentType}, but ${complaint}.`;
  return { kind: 'failed', failure: { code: 'RESULT_NOT_JSON', message, details: null }, isRetryable: false };
}

/** When the attempt must be over: its own timeout or the deadline of the whole job, whichever comes first. Infinity without either. */
function attemptEndsAt({ timeoutMs, startedAt, deadlineAt }: Job): number {
  const timeoutAt = timeoutMs === null ? Number.POSITIVE_INFINITY : (startedAt ?? 0) + timeoutMs;
  return deadlineAt === null ? timeoutAt : Math.min(timeoutAt, deadlineAt);
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
