/**
 * What the engine offers to every face (native API, dialects, library, CLI of the same process).
 *
 * All calls are for one tenant: a job of another tenant is `missing`. Expected outcomes are values; a rejection is a
 * `BideError` of kind `unavailable`, `busy` or `internal`. A `Snapshot` is the same object until the job's next revision, so that
 * a face may remember what it made of one (`WeakMap<Snapshot, Body>`).
 */
import type { AfterPolicy } from '../core/after/after.ts';
import type { Actor } from '../core/deed.ts';
import type { BideError } from '../core/errors.ts';
import type { HeldBackReads } from '../core/held-back.ts';
import type { Failure, Job, Json, Origin, RetryPolicy, Tags } from '../core/job.ts';
import type { KeyLimit } from '../core/limit-spec.ts';
import type { Limits } from '../core/limits.ts';
import type { Quota } from '../core/quota-error.ts';
import type { ShownState } from '../core/state.ts';
import type { ScheduleTerm, Terms } from '../core/terms.ts';
import type { Unique } from '../core/unique.ts';
import type { ClaimedJob, Count, CountFilter, ListFilter, ResultContent, Store } from '../store/contract.ts';
import type { JobCallbacks } from './api-deliveries.ts';
import type { Issue, Park } from './api-handlers.ts';
import type { ClaimWorkOutcome, ClaimWorkRequest, HeartbeatRequest, WorkRef } from './api-work.ts';
import type { Audit } from './auditing/audit.ts';
import type { BulkRequest } from './bulk/bulk-request.ts';
import type { CallerSignal } from './caller-signal.ts';
import type { Clock } from './clock.ts';
import type { Feed } from './feed/feed-request.ts';
import type { FileBatches, LineOf, LineWordsOf } from './file-batches/api-file-batches.ts';
import type { Files } from './files/api-files.ts';
import type { Groups } from './groups/api-groups.ts';
import type { KeyLimits } from './limits/key-limits.ts';
import type { LogPage, LogRequest } from './logging/log-request.ts';
import type { Operating } from './operating/api-operating.ts';
import type { Schedules } from './schedules/schedules.ts';
import type { Callback } from './webhooks/callback.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

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
  /** Where changes of the job are announced. */
  readonly callback?: Callback | null | undefined;
  readonly sequenceKey?: string | null | undefined;
  /** The key that it runs under, and what holds for that key from now on. */
  readonly limit?: KeyLimit | null | undefined;
  /** What it becomes where another job of the type has the same key: see core/unique.ts. */
  readonly unique?: Unique | null | undefined;
  readonly origin?: Origin | null | undefined;
  /** The tick that it is for; set by schedules alone. */
  readonly schedule?: ScheduleTerm | null | undefined;
  /** Ids of jobs of the tenant that have to end before this one may run. */
  readonly after?: readonly string[] | null | undefined;
  /** How they have to end; `succeeded` unless told. */
  readonly afterPolicy?: AfterPolicy | null | undefined;
  /** The trace that it belongs to: that of the call unless told; null for none of those that there are. */
  readonly trace?: Terms['trace'] | null;
}

/** A job of a group is submitted for the tenant of the group. */
export type MemberRequest = Omit<SubmitRequest, 'tenant'>;

export type SubmitOutcome =
  | { readonly kind: 'created'; readonly snapshot: Snapshot }
  /** A replay of an earlier submit with the same idempotency key; or, with `unique`, the job that holds the unique key, as it was or with the new input. */
  | { readonly kind: 'existing'; readonly snapshot: Snapshot; readonly unique?: 'existing' | 'replaced' }
  /** Another job holds the unique key. */
  | { readonly kind: 'held'; readonly snapshot: Snapshot }
  | { readonly kind: 'conflict'; readonly snapshot: Snapshot }
  | { readonly kind: 'unknownType'; readonly types: readonly string[] }
  | { readonly kind: 'invalidInput'; readonly issues: readonly Issue[] }
  /** A field of the request itself is out of range; `issues` say the limits. */
  | { readonly kind: 'invalidRequest'; readonly issues: readonly Issue[] }
  /** What it asks for cannot be: an event or a webhook of its callback that there is not, a limit key that its type does not give. */
  | { readonly kind: 'refused'; readonly error: BideError; readonly path: string }
  /** The tenant has no job with this id, which `after` names. */
  | { readonly kind: 'noParent'; readonly id: string }
  | ({ readonly kind: 'overQuota' } & Quota);

export type CommandOutcome =
  | { readonly kind: 'done'; readonly snapshot: Snapshot }
  /** Nothing to do, it is so already (cancelling a cancelled job). */
  | { readonly kind: 'unchanged'; readonly snapshot: Snapshot }
  | { readonly kind: 'wrongState'; readonly snapshot: Snapshot }
  | { readonly kind: 'gone'; readonly goneAt: number }
  | { readonly kind: 'missing' };

/** What is left out stays as it is. */
export interface AmendRequest {
  readonly tenant: string;
  readonly id: string;
  /** Only at this revision. */
  readonly revision?: number | undefined;
  readonly priority?: number | undefined;
  readonly tags?: Tags | undefined;
  /** Epoch ms; null and the past are now. */
  readonly runAt?: number | null | undefined;
  readonly deadlineAt?: number | null | undefined;
}

/** `wrongState`: it does not wait any more. `changed`: it has another revision. */
export type AmendResult =
  | CommandOutcome
  | { readonly kind: 'changed'; readonly snapshot: Snapshot }
  /** It waits for a signal until its `runAt`: another one would end that wait early, or never. */
  | { readonly kind: 'parked'; readonly snapshot: Snapshot; readonly signal: string }
  | { readonly kind: 'invalidRequest'; readonly issues: readonly Issue[] };

export interface ResubmitRequest {
  readonly tenant: string;
  readonly id: string;
  /** What is to be other than it was. */
  readonly changes: Partial<Omit<SubmitRequest, 'tenant' | 'type' | 'origin'>>;
}

export type ResubmitOutcome = SubmitOutcome | Exclude<Lookup, { kind: 'found' }>;

export interface SignalRequest {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly value: Json;
}

/** `wrongState`: it is final. `full`: it has as many as it may, under other names. */
export type SignalOutcome =
  | CommandOutcome
  | { readonly kind: 'full'; readonly snapshot: Snapshot }
  | { readonly kind: 'invalidRequest'; readonly issues: readonly Issue[] };

export type WorkOutcome =
  | { readonly kind: 'done'; readonly snapshot: Snapshot }
  /** The fence is old or the job is not running: the worker drops the work. */
  | { readonly kind: 'lost'; readonly snapshot: Snapshot }
  | { readonly kind: 'gone'; readonly goneAt: number }
  | { readonly kind: 'missing' };

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

/** Of the last job seen; a list by the time of the end goes on behind both, others behind the number. */
export interface ListPlace {
  readonly number: number;
  readonly finishedAt: number | null;
}

export interface ListPage {
  readonly snapshots: readonly Snapshot[];
  /** Where the next page begins: pass its number as `after`, in a list of finished jobs both as `finished.after`. Null on the last one. */
  readonly next: ListPlace | null;
  /** A search for text looked at as many jobs as it may before the page was full: it goes on from `next`. */
  readonly isCutShort: boolean;
}

/** Of each of `ids`, in their order. */
export type Parents =
  | { readonly kind: 'found'; readonly ids: readonly string[]; readonly lookups: readonly Lookup[] }
  | Exclude<Lookup, { kind: 'found' }>;

export interface ChildrenRequest {
  readonly tenant: string;
  readonly id: string;
  /** Only those with a larger number: 0, or the `next` of the page before. */
  readonly after: number;
  readonly limit: number;
}

export type Children =
  | { readonly kind: 'found'; readonly snapshots: readonly Snapshot[]; readonly next: number | null }
  | Exclude<Lookup, { kind: 'found' }>;

export interface BulkCall extends BulkRequest {
  readonly by: Actor;
  readonly idempotencyKey?: string | null | undefined;
}

export interface Bulk {
  /** How many jobs would be changed. */
  count(request: BulkRequest): Promise<Estimate>;
  /** Stores the job that changes them. */
  submit(call: BulkCall): Promise<SubmitOutcome>;
}

/** A number of jobs; at least so many where it is not exact. */
export interface Estimate {
  readonly count: number;
  readonly isExact: boolean;
}

export type HeartbeatOutcome =
  | { readonly kind: 'held'; readonly isCancelRequested: boolean; readonly leaseUntil: number }
  | Exclude<WorkOutcome, { kind: 'done' }>;

/** Announced once per change that this process made or learnt of. */
export type EngineEvent =
  | { readonly kind: 'changed'; readonly snapshot: Snapshot; readonly shown: ShownState }
  | { readonly kind: 'removed'; readonly id: string };

/** How a dialect says the lines of files that are batches. */
export type LineWords = LineWordsOf<MemberRequest, Snapshot>;
export type Line = LineOf<MemberRequest>;

export interface Engine extends HeldBackReads, Operating {
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
  /** The jobs that this one comes after. */
  parents(tenant: string, id: string): Promise<Parents>;
  /** Those that come after it, by number. */
  children(request: ChildrenRequest): Promise<Children>;

  cancel(tenant: string, id: string): Promise<CommandOutcome>;
  retry(tenant: string, id: string): Promise<CommandOutcome>;
  /** Removes a final job; `done` carries its last snapshot. */
  remove(tenant: string, id: string): Promise<CommandOutcome>;

  /** Tells an unfinished job something: it goes on, where it waits for just that. */
  signal(request: SignalRequest): Promise<SignalOutcome>;

  /** Changes what a waiting job was submitted with. */
  amend(request: AmendRequest): Promise<AmendResult>;
  /** A copy of the job, as it was submitted but for the changes. */
  resubmit(request: ResubmitRequest): Promise<ResubmitOutcome>;
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
  /** Gives the job back until a signal comes: see `AttemptOutcome`. */
  workPark(request: WorkRef & Park): Promise<WorkOutcome>;
  /** Gives the job back for later, as a handler's RetryLater. */
  workLater(request: WorkRef & { readonly waitMs: number }): Promise<WorkOutcome>;
  workFail(
    request: WorkRef & { readonly failure: Failure; readonly isRetryable: boolean; readonly retryAfterMs?: number },
  ): Promise<WorkOutcome>;

  /** Jobs that are looked at as one. */
  readonly groups: Groups<MemberRequest>;
  /** Texts that are kept. */
  readonly files: Files;
  /** Files whose lines are jobs. */
  readonly fileBatches: FileBatches<LineWords>;
  readonly webhooks: Webhooks;
  readonly callbacks: JobCallbacks;
  readonly schedules: Schedules;
  readonly keyLimits: KeyLimits;
  /** All changes of a tenant's jobs. */
  readonly feed: Feed;

  /** Calls `listener` for every change from now on; returns the way to stop. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

/**
 * Looks at what a job relies on outside of the store, such as an uploaded file, before each attempt: null when it is there, else why the
 * job fails, for good. Made by the dialect that the job came from. A rejection fails the attempt alone.
 */
export type CheckAttempt = (job: Pick<Job, 'id' | 'origin'>, signal: AbortSignal) => Promise<Failure | null>;

/** What dialects keep beside jobs. */
export type Documents = Pick<Store, 'documentWrite' | 'documentRead' | 'documentList' | 'documentRemove'>;

/** What proving who calls needs of a store. */
export type KeyStore = Pick<Store, 'keyInsert' | 'keyRead' | 'keyList' | 'keyRevoke'>;

export type { FileBatch, FileBatchState, LineCounts, LineIssue } from '../core/file-batches/file-batch.ts';
export type { Group } from '../core/groups/group.ts';
export type { LogEntry, LogLevel, LogLine, Stream } from '../core/log-line.ts';
export type {
  DeliveryFilter,
  DeliveryRecord,
  DeliveryState,
  LimitRow,
  ResultContent,
  Store,
  StoredKey,
  WholeDelivery,
} from '../store/contract.ts';
export type * from './api-deliveries.ts';
export type * from './api-handlers.ts';
export type * from './api-work.ts';
export type { Audit, AuditPage, AuditRequest } from './auditing/audit.ts';
export {
  BULK_ACTIONS,
  BULK_STATES,
  type BulkAction,
  fitsAll,
  type JobFilter,
  OWN_PREFIX,
} from './bulk/bulk-request.ts';
export type { CallerListener, CallerSignal } from './caller-signal.ts';
export type { Feed, FeedEvent, FeedFilter, FeedPage, FeedRequest } from './feed/feed-request.ts';
export type * from './file-batches/api-file-batches.ts';
export type * from './files/api-files.ts';
export type * from './groups/api-groups.ts';
export type { LogPage, LogRequest } from './logging/log-request.ts';
export type * from './operating/api-operating.ts';
export type { ConfiguredSchedule, NamedSchedule, Schedules } from './schedules/schedules.ts';
export type { Callback } from './webhooks/callback.ts';
export type { WebhookChange, WebhookDraft, Webhooks } from './webhooks/webhooks.ts';
