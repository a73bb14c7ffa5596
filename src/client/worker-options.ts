/** What a remote worker is told: its types, its handler, and what may be left out. */
import type { Json } from '../core/job.ts';
import type { JobBody, UnknownJob, WorkBody } from './wire.ts';
import type { BytesResult } from './working.ts';

type Say = (line: string, fields?: Readonly<Record<string, unknown>>) => void;

/** At level info by itself, and at the other levels by their names. */
export interface WorkLog extends Say {
  readonly debug: Say;
  readonly info: Say;
  readonly warn: Say;
  readonly error: Say;
}

export interface WorkContext {
  /** Fires with `cancel` when somebody cancelled the job, with `lost` when it is no longer this worker's. */
  readonly signal: AbortSignal;
  /** Of the trace that the job belongs to, to be sent with what is called for it (W3C Trace Context); null where there is none. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /** Percent from 0 to 100. May be called often: what comes faster than it can be sent is left out. */
  progress(percent: number, message?: string): void;
  /** Kept with the job. */
  readonly log: WorkLog;
  /** A part of the result, a JSON value or a string, readable before the job ends; an async generator emits what it yields. */
  readonly emit: (chunk: unknown) => void;
  /** What somebody sent the job under this name. Until it comes the job is given back, and handled again from the start: let what it throws through. */
  readonly waitForSignal: <Value = Json>(name: string, options?: { readonly timeoutMs?: number }) => Promise<Value>;
  /** The jobs that this one comes after, in the order in which they were named, as `client.parents` shows them. The key has to be one that may read. */
  parents(): Promise<readonly (JobBody | UnknownJob)[]>;
}

export type WorkResult = Json | BytesResult | undefined;

export interface RunWorkerOptions {
  readonly types: readonly string[];
  readonly handle: (
    job: WorkBody,
    context: WorkContext,
  ) => Promise<WorkResult> | WorkResult | AsyncGenerator<unknown, WorkResult, void>;
  /** Ends the loop: no more claims; what runs is run to its end. */
  readonly signal?: AbortSignal | undefined;
  /** Shown with the job; to tell workers apart. */
  readonly name?: string | undefined;
  /** Jobs at once. */
  readonly slots?: number | undefined;
  readonly leaseMs?: number | undefined;
  /** Told of what the loop survives: a server that is away, an outcome that was refused. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  /** Replaceable for tests. */
  readonly pause?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
  readonly now?: (() => number) | undefined;
}

/** With everything filled in that one attempt needs. */
export type AttemptOptions = RunWorkerOptions &
  Required<{ readonly [K in 'leaseMs' | 'pause' | 'now' | 'onTrouble']: NonNullable<RunWorkerOptions[K]> }>;
