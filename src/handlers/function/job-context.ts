/**
 * What a function handler is given beside its input, and what it may be.
 *
 * The same context is made in a thread and inline, from a `Call`: the part of an attempt that can cross a thread boundary,
 * with callbacks for what travels back.
 */
import type { Tags } from '../../core/job.ts';
import type { LogLevel } from '../../core/log-line.ts';
import { type KnownSignals, knownSignals } from '../../core/signals.ts';
import type { ScheduleTerm } from '../../core/terms.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import type { AbortReason, Attempt, ParentJob } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { type JobLog, jobLogOf } from './job-log.ts';
import { type Emit, emitterOf, type OutputLimits } from './job-output.ts';
import type { WaitForSignal } from './job-signals.ts';

export interface JobContext {
  readonly id: string;
  readonly type: string;
  readonly tenant: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /**
   * Grows with every claim of the job, by whichever process. Two attempts may overlap for an instant (a process that was frozen
   * does not know yet that its lease has passed): an effect that carries the fence can refuse what comes from the older one.
   */
  readonly fence: number;
  readonly tags: Tags;
  /** The tick of the schedule that submitted it; null for all other jobs. */
  readonly schedule: { readonly name: string; readonly tick: Date } | null;
  /** To be sent with whatever it calls over HTTP (W3C Trace Context); null where the job belongs to no trace. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /**
   * Fires on cancel, timeout and forced shutdown; a handler that does not end then is ended with its thread. Read it from the
   * context each time in a loop that never awaits: only then can it be seen to fire there.
   */
  readonly signal: AbortSignal;
  /** When this attempt must be over: its timeout or the job's deadline, whichever comes first. */
  readonly deadline: Date | null;
  /** `percent` 0 to 100; never goes down. As often as you like: what is too much is left out. */
  progress(percent: number, message?: string | null): void;
  /** Kept with the job, to be read while it runs and after. */
  readonly log: JobLog;
  /** A part of the result, a JSON value or a string, readable before the job ends; an async generator emits what it yields. */
  readonly emit: Emit;
  /**
   * What somebody sent the job under this name (`POST /v1/jobs/{id}/signals/{name}`). Until it comes the job is parked: no slot and no thread is held, the attempt
   * does not count, and the function begins again from the start, where every signal that came is there at once. Let what it throws through.
   */
  readonly waitForSignal: WaitForSignal;
  /**
   * The jobs that this one comes after, in the order in which they were named, with their results. A result that is not JSON is null
   * and has its `resultBytes`. Rejects where the JSON results are more than `parentsBytesMax` together.
   */
  parents(): Promise<readonly ParentJob[]>;
}

/**
 * An async generator emits what it yields. May return JSON (undefined counts as null), a `Uint8Array`, or `{ bytes, contentType }`. A string is a JSON string; text is
 * returned as bytes with `text/plain`. Whatever it throws fails the attempt; a `PermanentError` fails the job.
 */
export type FunctionHandler = (input: never, context: JobContext) => unknown;

/** What of a job crosses to where it is run. */
export interface CallFacts {
  readonly id: string;
  readonly type: string;
  readonly tenant: string;
  readonly attempt: number;
  readonly fence: number;
  readonly tags: Tags;
  readonly schedule: ScheduleTerm | null;
  readonly trace: TraceContext | null;
  /** Epoch ms. */
  readonly deadlineAt: number | null;
  /** Null for the many that nobody tells anything. */
  readonly signals: KnownSignals | null;
}

export interface Call {
  readonly facts: CallFacts;
  /** JSON text. */
  readonly input: string;
  /** A getter where looking is what lets it fire. */
  readonly signal: AbortSignal;
  report(percent: number, message: string | null | undefined): void;
  /** @param fields a JSON object as text */
  log(line: string, level: LogLevel, fields: string | null): void;
  /** @param chunk JSON text */
  emit(chunk: string): void;
  parents(): Promise<readonly ParentJob[]>;
}

export function callFactsOf({ job, trace }: Attempt, clock: Clock): CallFacts {
  const timeoutAt = job.timeoutMs === null ? Number.POSITIVE_INFINITY : clock.now() + job.timeoutMs;
  const deadlineAt = Math.min(timeoutAt, job.deadlineAt ?? Number.POSITIVE_INFINITY);
  return {
    id: job.id,
    type: job.type,
    tenant: job.tenant,
    attempt: job.attempt,
    fence: job.fence,
    tags: job.tags,
    schedule: job.terms?.schedule ?? null,
    trace,
    deadlineAt: Number.isFinite(deadlineAt) ? deadlineAt : null,
    signals: knownSignals(job.marks, job.startedAt ?? clock.now()),
  };
}

export function jobContextOf(call: Call, limits: OutputLimits, waitForSignal: WaitForSignal): JobContext {
  const { facts } = call;
  let log: JobLog | null = null;
  let emit: Emit | null = null;
  return {
    id: facts.id,
    type: facts.type,
    tenant: facts.tenant,
    attempt: facts.attempt,
    fence: facts.fence,
    tags: facts.tags,
    schedule: facts.schedule && { name: facts.schedule.name, tick: new Date(facts.schedule.tick) },
    traceparent: facts.trace?.parent ?? null,
    tracestate: facts.trace?.state ?? null,
    deadline: facts.deadlineAt === null ? null : new Date(facts.deadlineAt),
    get signal() {
      return call.signal;
    },
    progress: (percent, message) => call.report(Number(percent), message === null ? null : asText(message)),
    // Made when they are asked for, as the signal is.
    get log() {
      log ??= jobLogOf(call);
      return log;
    },
    waitForSignal,
    parents: () => call.parents(),
    get emit() {
      emit ??= emitterOf((chunk) => call.emit(chunk), limits);
      return emit;
    },
  };
}

/** A handler's signal carries an error, as `fetch` and `throwIfAborted` expect; the engine's carries the bare word. */
export function abortErrorOf(reason: unknown): DOMException {
  const name = reason === 'timeout' ? 'TimeoutError' : 'AbortError';
  return new DOMException(ABORT_SENTENCES[reason as AbortReason] ?? 'The attempt was stopped.', name);
}

const ABORT_SENTENCES: Readonly<Record<AbortReason, string>> = {
  cancel: 'The job was cancelled.',
  timeout: 'The attempt took longer than its timeout.',
  shutdown: 'The server is shutting down.',
  lost: 'Another worker has taken the job over.',
};

function asText(message: unknown): string | undefined {
  return message === undefined ? undefined : String(message);
}
