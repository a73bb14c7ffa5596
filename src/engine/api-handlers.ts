/** How the engine has a job done: what a handler is given, what it answers, and what a type is made of. Seen by all as part of `api.ts`. */

import type { Failure, Job, Json, RetryPolicy } from '../core/job.ts';
import type { LimitBounds, LimitPerKey } from '../core/limit-spec.ts';
import type { LogLevel } from '../core/log-line.ts';
import type { StoredState } from '../core/state.ts';
import type { TraceContext } from '../core/trace-context.ts';
import type { ResultContent } from '../store/contract.ts';

/** One thing that is wrong with a request: where (JSON pointer, '' for the whole) and what. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** One attempt, as its handler sees it. */
export interface Attempt {
  readonly job: Pick<
    Job,
    | 'id'
    | 'number'
    | 'tenant'
    | 'type'
    | 'attempt'
    | 'fence'
    | 'tags'
    | 'timeoutMs'
    | 'deadlineAt'
    | 'startedAt'
    | 'marks'
    | 'terms'
  >;
  /** JSON text. */
  readonly input: string;
  /** Of this attempt, for whatever it calls: to be passed on. Null where its job belongs to no trace. */
  readonly trace: TraceContext | null;
  /** Fires on cancel, timeout and forced shutdown, with an `AbortReason` as its reason. */
  readonly signal: AbortSignal;
  /** Whether the signal has fired. A signal costs more than the rest of an attempt, and is made when it is first looked at. */
  readonly isStopped: boolean;
  /** Coalesced by the engine: calling it a thousand times a second costs little. */
  report(percent: number | undefined, message?: string | null): void;
  /** Kept with the job, and written in batches: as often as the handler likes. `fields` is a JSON object as text. */
  log(line: string, level?: LogLevel, fields?: string | null): void;
  /** The jobs that this one comes after, as they are now, in the order in which they were named. Read when it is called. Rejects with PARENTS_TOO_LARGE where their JSON results are more than `parentsBytesMax` together. */
  parents(): Promise<readonly ParentJob[]>;
  /** A part of the result, as JSON text, readable at once. Who runs a handler keeps to `outputBytesPerJobMax` and `outputChunkBytesMax`. */
  emit(chunk: string): void;
}

/** A job that another one comes after. */
export interface ParentJob {
  readonly id: string;
  /** `unknown` where it has been removed. */
  readonly state: StoredState | 'unknown';
  /** Where it is JSON; null where there is none, or it is not. */
  readonly result: Json;
  /** Of the result, whatever it is; null where there is none. */
  readonly resultBytes: number | null;
  readonly error: Pick<Failure, 'code' | 'message' | 'details'> | null;
}

export type AbortReason = 'cancel' | 'timeout' | 'shutdown' | 'lost';

export type AttemptOutcome =
  | { readonly kind: 'succeeded'; readonly result: ResultContent | null }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly isRetryable: boolean;
      readonly retryAfterMs?: number;
      /** For the log alone: it names places on the server. */
      readonly stack?: string;
    }
  /** Stopped because the signal fired; the engine knows why and records it. */
  | { readonly kind: 'aborted' }
  /** Waits for a signal: the attempt is given back, and the job runs again from the start when it comes or its time is over. */
  | ({ readonly kind: 'parked' } & Park)
  /** Not now: the attempt is given back. The key of the job starts nothing for so long; a job without one waits alone. */
  | { readonly kind: 'later'; readonly waitMs: number }
  /** Not run to an end through no fault of the job (its thread had to be replaced): the attempt is given back. */
  | { readonly kind: 'released' }
  /**
   * Could not begin for want of something of this machine (descriptors, processes, threads): the attempt is given back, and its
   * type rests for a while before this process takes more of it. `reason` is for the operator.
   */
  | { readonly kind: 'notStarted'; readonly reason: string };

/** What a job is to wait for. */
export interface Park {
  readonly signal: string;
  readonly timeoutMs: number;
}

export interface Handler {
  /** Its word in configs; never `remote`. */
  readonly kind: string;
  /**
   * Resolves when the work has ended for good, promptly after the signal fires. A rejection counts as HANDLER_FAILED, retryable.
   * A handler that ignores the signal past `limits.cancelGraceMs` is abandoned: the engine records the outcome without it.
   */
  run(attempt: Attempt): Promise<AttemptOutcome>;
  /** What keeps it from running on this machine, one sentence each, without running anything; for `bide doctor`. */
  missing?(): readonly string[];
  /** Frees what the handler keeps (threads, connections). Called once, after the last run. */
  close?(): Promise<void>;
}

/** One entry of the config's `types`, ready to run. */
export interface JobType {
  readonly name: string;
  /** `remote`: left for workers that claim over HTTP. */
  readonly handler: Handler | 'remote';
  /** One of Bide's own: nobody submits it by name, and it is not shown among the types. */
  readonly isOwn?: true;
  readonly slots: number;
  /** By `core/fairness/aging.ts`; null or left out: a higher priority always goes first. */
  readonly agingMs?: number | null;
  /** How long a job usually takes, for callers. */
  readonly expectedMs?: number | null;
  /** Of all processes together; null or left out: as much as there are slots. */
  readonly limit?: LimitBounds | null;
  /** The limit of jobs that are submitted without one of their own; the type does not have a `limit` as a whole then. */
  readonly limitPerKey?: LimitPerKey | null;
  /** What it does, for people. */
  readonly description?: string | null;
  /** What `checkInput` takes, as JSON Schema, where it can be said so. */
  readonly inputSchema?: Json | null;
  readonly defaults: {
    readonly timeoutMs: number | null;
    readonly retainMs: number | null;
    readonly retry: Partial<RetryPolicy>;
  };
  /** The input to store (schemas may fill in defaults), or what is wrong with it. */
  checkInput(input: Json): InputCheck | Promise<InputCheck>;
}

export type InputCheck =
  | { readonly kind: 'valid'; readonly input: Json }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };
