/**
 * What the engine offers to every face (native API, dialects, library, CLI of the same process).
 *
 * All calls are for one tenant: a job of another tenant is `missing`. Expected outcomes are values; a rejection is a
 * `BideError` of kind `unavailable`, `busy` or `internal`. A `Snapshot` is the same object until the job's next revision, so that
 * a face may remember what it made of one (`WeakMap<Snapshot, Body>`).
 */
import type { Failure, Job, Json, Origin, RetryPolicy, Tags } from '../core/job.ts';
import type { Limits } from '../core/limits.ts';
import type { LogEntry, LogLevel, LogLine, Stream } from '../core/log-line.ts';
import type { Quota } from '../core/quota-error.ts';
import type { ShownState } from '../core/state.ts';
import type { ClaimedJob, Count, CountFilter, Delivery, ListFilter, ResultContent, Store } from '../store/contract.ts';
import type { Audit } from './auditing/audit.ts';
import type { Bulk } from './bulk/bulk.ts';
import type { Clock } from './clock.ts';
import type { Operating } from './operating/api-operating.ts';
import type { ListPlace } from './reading/job-pages.ts';

export interface Snapshot {
  readonly job: Job;
  /** The result as JSON text, when it is JSON of at most `limits.resultInlineBytesMax`; null while there is none or it is not. */
  readonly resultText: string | null;
}

export type Lookup =
  | { readonly kind: 'found'; readonly snapshot: Snapshot }
  | { readonly kind: 'gone'; readonly goneAt: number }
  | { readonly kind: 'missing' };

export interface SubmitRequest {
  readonly tenant: string;
  readonly type: string;
  /** Checked against the type's schema, stored as JSON. Undefined is null. */
  readonly input?: Json | undefined;
  readonly tags?: Tags | undefined;
  readonly priority?: number | undefined;
  /** Epoch ms; in the past is now. At most one of `runAt` and `delayMs`. */
  readonly runAt?: number | null | undefined;
  readonly delayMs?: number | null | undefined;
  readonly timeoutMs?: number | null | undefined;
  readonly deadlineMs?: number | null | undefined;
  readonly retry?: Partial<RetryPolicy> | null | undefined;
  readonly retainMs?: number | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly callbackUrl?: string | null | undefined;
  readonly sequenceKey?: string | null | undefined;
  readonly origin?: Origin | null | undefined;
}

/** One thing that is wrong with a request: where (JSON pointer, '' for the whole) and what. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

export type SubmitOutcome =
  | { readonly kind: 'created'; readonly snapshot: Snapshot }
  /** A replay of an earlier submit with the same idempotency key. */
  | { readonly kind: 'existing'; readonly snapshot: Snapshot }
  | { readonly kind: 'conflict'; readonly snapshot: Snapshot }
  | { readonly kind: 'unknownType'; readonly types: readonly string[] }
  | { readonly kind: 'invalidInput'; readonly issues: readonly Issue[] }
  /** A field of the request itself is out of range; `issues` say the limits. */
  | { readonly kind: 'invalidRequest'; readonly issues: readonly Issue[] }
  | ({ readonly kind: 'overQuota' } & Quota);

export type CommandOutcome =
  | { readonly kind: 'done'; readonly snapshot: Snapshot }
  /** Nothing to do, it is so already (cancelling a cancelled job). */
  | { readonly kind: 'unchanged'; readonly snapshot: Snapshot }
  | { readonly kind: 'wrongState'; readonly snapshot: Snapshot }
  | { readonly kind: 'gone'; readonly goneAt: number }
  | { readonly kind: 'missing' };

export type WorkOutcome =
  | { readonly kind: 'done'; readonly snapshot: Snapshot }
  /** The fence is old or the job is not running: the worker drops the work. */
  | { readonly kind: 'lost'; readonly snapshot: Snapshot }
  | { readonly kind: 'gone'; readonly goneAt: number }
  | { readonly kind: 'missing' };

/** Tells that a caller went away: an AbortSignal, or less, since there is one for each held request. */
export interface CallerSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: CallerListener, options?: { readonly once: boolean }): void;
  removeEventListener(type: 'abort', listener: CallerListener): void;
}

export type CallerListener = (() => void) | { handleEvent(): void };

export interface WaitRequest {
  readonly tenant: string;
  readonly ids: readonly string[];
  /** `all`: until every known id satisfies; `any`: until one does. Unknown and gone ids are never waited for, and satisfy nobody. */
  readonly for: 'all' | 'any';
  /** `done`: a final state. `change`: a revision above the given one (a `scheduled` job that becomes due is no change). */
  readonly until: { readonly kind: 'done' } | { readonly kind: 'change'; readonly since: number };
  /** Longest wait; Infinity waits until satisfied, aborted or shut down. */
  readonly timeoutMs: number;
  /** The caller went away: the wait ends at once and its answer does not matter. */
  readonly signal: CallerSignal;
}

export interface WaitOutcome {
  /**
   * False when the time ran out, the caller went away or the engine shuts down first; and when there is nothing left to wait for but not
   * what was asked for: an id of `all` is unknown or gone, or every one of `any`.
   */
  readonly isSatisfied: boolean;
  /** In the order of `ids`. */
  readonly lookups: readonly Lookup[];
}

export type ResultOutcome =
  | { readonly kind: 'found'; readonly snapshot: Snapshot; readonly result: ResultContent }
  /** Not final yet. */
  | { readonly kind: 'notReady'; readonly snapshot: Snapshot }
  /** Final without a result. */
  | { readonly kind: 'none'; readonly snapshot: Snapshot }
  | { readonly kind: 'gone'; readonly goneAt: number }
  | { readonly kind: 'missing' };

export interface ByteSlice {
  readonly first: number;
  readonly length: number;
}

export interface LogRequest {
  readonly tenant: string;
  readonly id: string;
  readonly stream: Stream;
  /** Only lines behind this offset; 0 for all. */
  readonly after: number;
  readonly attempt?: number | undefined;
  /** Only lines at this level or above. */
  readonly levelMin?: LogLevel | undefined;
  readonly limit: number;
  /** Waits up to this long for a line while there is none, and the job may still bring one. */
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Pass as `after` for what comes behind these lines. */
  readonly next: number;
  /** The job is final and these are the last lines. */
  readonly isDone: boolean;
}

export type LogsOutcome =
  | ({ readonly kind: 'found'; readonly snapshot: Snapshot } & LogPage)
  | Exclude<Lookup, { kind: 'found' }>;

export interface ListRequest extends Omit<ListFilter, 'tenant' | 'states'> {
  readonly tenant: string;
  /** Shown words; `scheduled`, `queued` and `retrying` are told apart here. */
  readonly states?: readonly ShownState[];
  /** In the id, a tag (`name:value`) or the message of the error, in whatever case. */
  readonly text?: string;
  /** False spares reading inline results: the snapshots then have none. */
  readonly hasResults?: boolean;
}

export interface ListPage {
  readonly snapshots: readonly Snapshot[];
  /** Where the next page begins: pass its number as `after`, in a list of finished jobs both as `finished.after`. Null on the last one. */
  readonly next: ListPlace | null;
  /** A search for text looked at as many jobs as it may before the page was full: it goes on from `next`. */
  readonly isCutShort: boolean;
}

/** A number of jobs; at least so many where it is not exact. */
export interface Estimate {
  readonly count: number;
  readonly isExact: boolean;
}

export interface ClaimWorkRequest {
  readonly tenant: string;
  readonly types: readonly string[];
  readonly max: number;
  readonly leaseMs: number;
  readonly worker: string;
  /** What the worker's program calls itself. */
  readonly agent?: string | null;
  /** Waits up to this long for a first job. */
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

export type ClaimWorkOutcome =
  | { readonly kind: 'claimed'; readonly jobs: readonly ClaimedJob[] }
  | { readonly kind: 'unknownType'; readonly types: readonly string[] }
  | { readonly kind: 'notRemote'; readonly type: string };

export interface WorkRef {
  readonly tenant: string;
  readonly id: string;
  readonly fence: number;
}

export interface HeartbeatRequest extends WorkRef {
  readonly leaseMs?: number;
  readonly percent?: number;
  readonly message?: string | null;
  /** What the work has said since the last one. */
  readonly log?: readonly LogEntry[];
  /** What it has emitted since the last one, each a JSON text. */
  readonly output?: readonly string[];
  /** Holds the answer until a cancel is requested, the job is lost, or this time is over: the worker learns of a cancel at once. */
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

export type HeartbeatOutcome =
  | { readonly kind: 'held'; readonly isCancelRequested: boolean; readonly leaseUntil: number }
  | Exclude<WorkOutcome, { kind: 'done' }>;

/** Announced once per change that this process made or learnt of. */
export type EngineEvent =
  | { readonly kind: 'changed'; readonly snapshot: Snapshot; readonly shown: ShownState }
  | { readonly kind: 'removed'; readonly id: string };

export interface Engine extends Operating {
  readonly clock: Clock;
  readonly limits: Limits;
  /** Aborts when shutdown begins: nothing new is claimed, all else is answered as before, and callers better go elsewhere. */
  readonly draining: AbortSignal;
  /** Aborts when running jobs have ended or were given back: waits answer with what they have. */
  readonly closing: AbortSignal;

  submit(requests: readonly SubmitRequest[]): Promise<readonly SubmitOutcome[]>;
  /** The snapshot if it is in memory and certainly current: the status path without a promise. Undefined says nothing. */
  peek(tenant: string, id: string): Snapshot | undefined;
  /** `peek` for faces whose job ids are numbers. */
  peekByNumber(tenant: string, number: number): Snapshot | undefined;
  read(tenant: string, ids: readonly string[]): Promise<readonly Lookup[]>;
  readByNumber(tenant: string, numbers: readonly number[]): Promise<readonly Lookup[]>;
  /** With a slice, only those bytes of it; `snapshot.job.result` says how many there are in all. */
  readResult(tenant: string, id: string, slice?: ByteSlice): Promise<ResultOutcome>;
  /** The submitted input as JSON text; null when the job is missing or gone. */
  readInput(tenant: string, id: string): Promise<string | null>;
  /** What the job has said or emitted. */
  readLogs(request: LogRequest): Promise<LogsOutcome>;
  list(request: ListRequest): Promise<ListPage>;
  count(filter: CountFilter): Promise<readonly Count[]>;
  /** How many jobs a list without end would have, with bounded work. */
  estimate(request: Omit<ListRequest, 'limit' | 'after'>): Promise<Estimate>;
  wait(request: WaitRequest): Promise<WaitOutcome>;

  cancel(tenant: string, id: string): Promise<CommandOutcome>;
  retry(tenant: string, id: string): Promise<CommandOutcome>;
  /** Removes a final job; `done` carries its last snapshot. */
  remove(tenant: string, id: string): Promise<CommandOutcome>;

  /** Changing many jobs in one call. */
  readonly bulk: Bulk;
  /** Where operators' deeds are noted. */
  readonly audit: Audit;

  /** How long a poller should wait before it looks again, from this type's recent durations and its queue, in ms. */
  retryAfterMs(snapshot: Snapshot): number;

  workClaim(request: ClaimWorkRequest): Promise<ClaimWorkOutcome>;
  /** Gives back what a claim brought and its worker never got: the jobs wait again, without an attempt counted. Never rejects. */
  workRelease(claimed: readonly ClaimedJob[]): Promise<void>;
  workHeartbeat(request: HeartbeatRequest): Promise<HeartbeatOutcome>;
  workSucceed(request: WorkRef & { readonly result: ResultContent | null }): Promise<WorkOutcome>;
  workFail(
    request: WorkRef & { readonly failure: Failure; readonly isRetryable: boolean; readonly retryAfterMs?: number },
  ): Promise<WorkOutcome>;

  /** Calls `listener` for every change from now on; returns the way to stop. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

// --- Handlers: how the engine has a job done ------------------------------------------------------------------------------

/** One attempt, as its handler sees it. */
export interface Attempt {
  readonly job: Pick<
    Job,
    'id' | 'number' | 'tenant' | 'type' | 'attempt' | 'fence' | 'tags' | 'timeoutMs' | 'deadlineAt'
  >;
  /** JSON text. */
  readonly input: string;
  /** Fires on cancel, timeout and forced shutdown, with an `AbortReason` as its reason. */
  readonly signal: AbortSignal;
  /** Whether the signal has fired. A signal costs more than the rest of an attempt, and is made when it is first looked at. */
  readonly isStopped: boolean;
  /** Coalesced by the engine: calling it a thousand times a second costs little. */
  report(percent: number | undefined, message?: string | null): void;
  /** Kept with the job, and written in batches: as often as the handler likes. `fields` is a JSON object as text. */
  log(line: string, level?: LogLevel, fields?: string | null): void;
  /** A part of the result, as JSON text, readable at once. Who runs a handler keeps to `outputBytesPerJobMax` and `outputChunkBytesMax`. */
  emit(chunk: string): void;
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
  /** Not run to an end through no fault of the job (its thread had to be replaced): the attempt is given back. */
  | { readonly kind: 'released' }
  /**
   * Could not begin for want of something of this machine (descriptors, processes, threads): the attempt is given back, and its
   * type rests for a while before this process takes more of it. `reason` is for the operator.
   */
  | { readonly kind: 'notStarted'; readonly reason: string };

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

// --- Deliveries: how a state change reaches a job's callbackUrl -------------------------------------------------------------

/** What is POSTed for one delivery. Made by the dialect that the job came from. */
export interface DeliveryRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Null: this dialect does not announce this change. */
export type RenderDelivery = (delivery: Delivery) => DeliveryRequest | null;

/**
 * Looks at what a job relies on outside of the store, such as an uploaded file, before each attempt: null when it is there, else why the
 * job fails, for good. Made by the dialect that the job came from. A rejection fails the attempt alone.
 */
export type CheckAttempt = (job: Pick<Job, 'id' | 'origin'>, signal: AbortSignal) => Promise<Failure | null>;

/** What dialects keep beside jobs. */
export type Documents = Pick<Store, 'documentWrite' | 'documentRead' | 'documentList' | 'documentRemove'>;

/** What proving who calls needs of a store. */
export type KeyStore = Pick<Store, 'keyInsert' | 'keyRead' | 'keyList' | 'keyRevoke'>;

export type { LogEntry, LogLevel, LogLine, Stream } from '../core/log-line.ts';
export type { Delivery, ResultContent, Store, StoredKey } from '../store/contract.ts';
export type { Audit, AuditPage, AuditRequest } from './auditing/audit.ts';
export {
  BULK_ACTIONS,
  BULK_STATES,
  type BulkAction,
  fitsAll,
  type JobFilter,
  OWN_PREFIX,
} from './bulk/bulk-request.ts';
export type * from './operating/api-operating.ts';
