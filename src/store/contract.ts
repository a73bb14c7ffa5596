/**
 * The store contract: what both engines (SQLite, PostgreSQL) promise, and the conformance suite checks.
 *
 * - Every operation takes a batch and answers in its order. One call is one transaction: all of it is durable when the promise
 *   resolves, none of it when it rejects (with a `BideError` of kind `unavailable`, `busy` or `internal`).
 * - Nobody writes a state without naming the states that they expect, and the fence or revision of what they saw.
 * - "Nothing there" is a value (`missing`, `null`, an empty array), never an exception.
 * - The store decides nothing: patches come from `core/decide`. The one exception is `claim`, which must be a single
 *   set-based statement per engine; it does exactly what `decide(job, {kind: 'claim'})` would.
 * - Times come from the caller (`now`), so that one clock rules; see `Store.time` for where several machines share it.
 */
import type { BideError } from '../core/errors.ts';
import type { Job, JobPatch, JobSpec, Json } from '../core/job.ts';
import type { StoredState } from '../core/state.ts';
import type { Delivery, DeliveryClaim, DeliverySettlement } from './contract-deliveries.ts';
import type { FinishedFilter } from './contract-finished.ts';
import type { LogAppend, LogEntry, LogFilter, LogLine, LogOutcome } from './contract-logs.ts';

export { DELIVERY_LANES, type DeliveryLane } from './contract-deliveries.ts';
export type { FinishedFilter } from './contract-finished.ts';
export type { Delivery, DeliveryClaim, DeliverySettlement, LogAppend, LogEntry, LogFilter, LogLine, LogOutcome };

// --- Jobs -----------------------------------------------------------------------------------------------------------------

export interface NewJob {
  readonly spec: JobSpec;
  /** The input as JSON text. Kept and handed out as it is. */
  readonly input: string;
  /** Never stored: only the earlier job with its idempotency key is looked for. Left out: stored where there is none. */
  readonly isReplay?: boolean;
}

export type InsertOutcome =
  /** Stored as a new job with this number: `jobOf(spec, number)`. */
  | { readonly kind: 'created'; readonly number: number }
  /** The tenant has a job with this idempotency key and the same request hash. Earlier items of the same batch count. */
  | { readonly kind: 'existing'; readonly job: Job }
  /** The tenant has a job with this idempotency key and another request hash. */
  | { readonly kind: 'conflict'; readonly job: Job }
  /** Nothing stored: the item is a replay, and the tenant has no job with its idempotency key. */
  | { readonly kind: 'absent' };

export interface ClaimRequest {
  /** Types to claim, each with the number of free slots for it. */
  readonly wants: readonly { readonly type: string; readonly max: number }[];
  /** Jobs in all, whatever `wants` adds up to. */
  readonly max: number;
  /** Only jobs of this tenant; null for all. */
  readonly tenant: string | null;
  readonly worker: string;
  readonly leaseMs: number;
  readonly now: number;
}

export interface ClaimedJob {
  readonly job: Job;
  /** JSON text, as submitted. */
  readonly input: string;
}

/** Written only if the job is in one of `states` and, where given, has this fence and this revision. */
export interface Expectation {
  readonly states: readonly StoredState[];
  readonly fence?: number;
  readonly revision?: number;
}

export interface ResultContent {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface GuardedPatch {
  readonly id: string;
  readonly expect: Expectation;
  readonly patch: JobPatch;
  /** Stored in the same transaction, in place of an earlier one. `patch.result` describes it. */
  readonly result?: ResultContent;
  /**
   * The job as the caller last saw it, out of this store. Changes no answer: a store may take from it what it would else read, where its
   * revision shows that nothing has changed since.
   */
  readonly seen?: Job;
  /** When the change happens, as its delivery says it. Left out: `patch.finishedAt`, else the time of the store. */
  readonly now?: number;
}

export type ApplyOutcome =
  /** Written; `job` is the new snapshot, its revision one higher. */
  | { readonly kind: 'applied'; readonly job: Job }
  /** Not written, the expectation does not hold; `job` is the current snapshot. */
  | { readonly kind: 'stale'; readonly job: Job }
  | { readonly kind: 'missing' };

export type ReadOutcome =
  | { readonly kind: 'found'; readonly job: Job }
  /** Removed. From `goneUntil` on, the reader takes it for missing, whether or not the tombstone has been dropped yet. */
  | { readonly kind: 'gone'; readonly tenant: string; readonly goneAt: number; readonly goneUntil: number }
  | { readonly kind: 'missing' };

/** One job by its id, or by its number for callers that know no other. */
export type JobRef = { readonly id: string } | { readonly number: number };

/** The result of one job, or a slice of its bytes: shorter where the result ends before, empty where it has ended. */
export interface ResultRef {
  readonly id: string;
  readonly slice?: { readonly first: number; readonly length: number };
}

export interface ListFilter {
  /** Null lists all tenants: for operators and exports, never for a tenant's request. */
  readonly tenant: string | null;
  readonly states?: readonly StoredState[];
  readonly types?: readonly string[];
  /** Every one of them must match. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdFrom?: number;
  readonly createdBefore?: number;
  /** Jobs whose number is below this (or above, when `order` is `oldest`): the keyset cursor. */
  readonly after?: number;
  /** By number, `newest` first unless told. */
  readonly order?: 'newest' | 'oldest';
  /** Only finished jobs, by the time of their end, then by number. */
  readonly finished?: FinishedFilter;
  readonly limit: number;
}

export type CountFilter = Pick<ListFilter, 'tenant' | 'states' | 'types' | 'tags' | 'createdFrom' | 'createdBefore'>;

export interface Count {
  readonly tenant: string;
  readonly type: string;
  readonly state: StoredState;
  readonly count: number;
}

export interface JobUsage {
  readonly jobs: number;
  readonly bytes: number;
}

export interface LeaseExtension {
  readonly id: string;
  readonly fence: number;
  readonly leaseUntil: number;
}

export type LeaseOutcome =
  /** Extended. A cancel request travels back this way: a worker needs no other channel. */
  | { readonly kind: 'held'; readonly cancelRequestedAt: number | null }
  /** Not running under this fence any more; drop the work. */
  | { readonly kind: 'lost' };

/** Jobs that need a decision because time has passed, each list in the order in which they fell due and at most `limit` long. */
export interface SweepFindings {
  /** Running, `leaseUntil <= now`. */
  readonly lost: readonly Job[];
  /** Running longer than `timeoutMs`, or past `deadlineAt`, with a lease that still holds. */
  readonly overrun: readonly Job[];
  /** Waiting, `deadlineAt <= now`. */
  readonly overdue: readonly Job[];
  /** Final, `finishedAt + retainMs <= now`. */
  readonly prunable: readonly Job[];
}

export interface Removal {
  readonly id: string;
  /** Removed only at this revision, and only in a final state. */
  readonly revision: number;
  readonly now: number;
  readonly goneUntil: number;
}

export type RemoveOutcome = 'removed' | 'stale' | 'missing';

// --- Hints ----------------------------------------------------------------------------------------------------------------

/** "Look again": may be lost, late or doubled. Only other processes' changes; a process knows its own. */
export type Hint =
  | { readonly kind: 'jobs'; readonly ids: readonly string[] }
  | { readonly kind: 'work'; readonly types: readonly string[] }
  /** The listener was away: anything may have changed. */
  | { readonly kind: 'everything' };

export type Unsubscribe = () => void;

// --- Keys and documents -----------------------------------------------------------------------------------------------------

export const SCOPES = ['submit', 'read', 'work', 'priority', 'metrics', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface StoredKey {
  /** The public part of the key, which finds it. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the whole key, hex. The key itself is stored nowhere. */
  readonly hash: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly expiresAt: number | null;
}

/** Small durable JSON beside the jobs (saved queries, conversations, signing secrets), found by kind and name. */
export interface Document {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  readonly data: Json;
  /** Grows with every write; 1 for a new one. */
  readonly revision: number;
  readonly createdAt: number;
}

/** Which document, and the revision that the writer saw: 0 where it must not exist yet, null to write over anything. */
export interface DocumentWrite {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  readonly data: Json;
  readonly expectRevision: number | null;
  readonly now: number;
}

export type DocumentOutcome =
  | { readonly kind: 'written'; readonly document: Document }
  /** Not written; null when there is none. */
  | { readonly kind: 'stale'; readonly document: Document | null };

export interface DocumentUsage {
  readonly count: number;
  readonly bytes: number;
}

// --- Moving a store ----------------------------------------------------------------------------------------------------------

/** A removed job: it answers "gone" until `goneUntil`. */
export interface Tombstone {
  readonly id: string;
  readonly number: number;
  readonly tenant: string;
  readonly goneAt: number;
  readonly goneUntil: number;
}

/** A delivery as it rests in the store, told from others of its job by the revision. */
export interface PendingDelivery
  extends Pick<Delivery, 'revision' | 'state' | 'url' | 'origin' | 'attempt' | 'at' | 'fence'> {
  /** Not handed out before this time; null while an earlier one of the job is unsettled: then it is due when its turn comes. */
  readonly dueAt: number | null;
}

/**
 * A job with all that belongs to it. Its deliveries are part of it, not records of their own: written in one transaction with
 * the job, they can neither be announced again when a job that is there already is restored once more, nor come after
 * those that somebody's change of the restored job adds.
 */
export interface WholeJob {
  readonly job: Job;
  /** JSON text, as submitted. */
  readonly input: string;
  readonly result: ResultContent | null;
  /** Unsettled ones, in their order. */
  readonly deliveries: readonly PendingDelivery[];
  /** By offset. */
  readonly logs: readonly LogLine[];
}

/** Everything that a store holds is a sequence of these. */
export type StoreRecord =
  /** The last job number given out. */
  | { readonly kind: 'counter'; readonly number: number }
  | { readonly kind: 'key'; readonly key: StoredKey }
  | { readonly kind: 'document'; readonly document: Document }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone }
  | ({ readonly kind: 'job' } & WholeJob);

export type RestoreOutcome =
  | 'written'
  /**
   * There already, and at least as new: the job with the same id and number (or its tombstone), the key with the same hash,
   * the document of the same creation. Left as it is.
   */
  | 'present'
  /** Not written: its id, number, name or idempotency key is taken by something else, or what is there is older than the record. */
  | 'conflict';

// --- The store itself -------------------------------------------------------------------------------------------------------

/** Differences between the engines, as named facts: nobody asks for a class name. */
export interface StoreFacts {
  readonly engine: 'sqlite' | 'postgres';
  /** Whether other processes write to the same store: then snapshots may not be served from memory, and hints matter. */
  readonly isShared: boolean;
  /** Whether `hint` reaches other processes. */
  readonly hasHints: boolean;
}

export interface MigrationReport {
  /** Schema version found; 0 for an empty store. */
  readonly from: number;
  readonly to: number;
  readonly applied: readonly string[];
}

export interface Store {
  readonly facts: StoreFacts;

  /** Brings the schema to this version. Safe to run from many processes at once. `dryRun` only reports. SCHEMA_NEWER when the schema is newer. */
  migrate(options?: { readonly dryRun?: boolean }): Promise<MigrationReport>;
  /** Compares the live schema with the one this version makes; one sentence per difference, none when they are equal. */
  inspect(): Promise<readonly string[]>;
  /** Commits a write that leaves no trace: resolves when writes would be stored, and rejects as they would. */
  ping(): Promise<void>;
  /** The store's own clock, epoch ms: what leases of several machines are measured by. */
  time(): Promise<number>;
  /** How far the time of its callers has come, null for a new store: where one process owns it, whose machine's clock may be set back. */
  readonly timeMark?: { read(): Promise<number | null>; write(time: number): Promise<void> };
  /** Resolves when what was written may not be on the disk: every call is refused then, and the process ends, for its next start to repair it. */
  readonly unsafe?: Promise<BideError>;
  /** Waits for what is under way, then frees everything. Safe to call twice; every later call rejects with SHUTTING_DOWN. */
  close(): Promise<void>;

  insert(batch: readonly NewJob[]): Promise<readonly InsertOutcome[]>;
  /**
   * Takes due jobs (`waiting`, `runAt <= now`), per type by priority (high first), then runAt, then number. A job with a
   * sequenceKey is passed over while an earlier one of its tenant and key is not final. Each job goes to one claimer only.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimedJob[]>;
  apply(batch: readonly GuardedPatch[]): Promise<readonly ApplyOutcome[]>;
  read(batch: readonly JobRef[]): Promise<readonly ReadOutcome[]>;
  /** Null where there is no such job or it has no result. */
  readResult(batch: readonly ResultRef[]): Promise<readonly (ResultContent | null)[]>;
  /** The submitted input as JSON text; null where there is no such job. */
  readInput(batch: readonly { readonly id: string }[]): Promise<readonly (string | null)[]>;
  list(filter: ListFilter): Promise<readonly Job[]>;
  /** Jobs per tenant, type and state; groups without a job are left out. */
  count(filter: CountFilter): Promise<readonly Count[]>;
  /** The jobs of a tenant, in whatever state, and the bytes of their inputs (as UTF-8), results and logs. */
  usage(tenant: string): Promise<JobUsage>;
  /** Heartbeats. Not a change: the revision stays. */
  extend(batch: readonly LeaseExtension[]): Promise<readonly LeaseOutcome[]>;
  sweep(request: { readonly now: number; readonly limit: number }): Promise<SweepFindings>;
  /** The earliest `runAt` ahead of `now` per type, for types that have one: how long a dispatcher may sleep. */
  nextRunAt(request: { readonly types: readonly string[]; readonly now: number }): Promise<number | null>;
  /** Removes job, result, tags, logs and deliveries, and leaves a tombstone; drops tombstones whose `goneUntil` has passed. */
  remove(batch: readonly Removal[]): Promise<readonly RemoveOutcome[]>;

  /** Appends lines behind those that there are. A job without any costs nothing, here or elsewhere. */
  logAppend(batch: readonly LogAppend[]): Promise<readonly LogOutcome[]>;
  /** By offset; none where there is no such job. */
  logRead(filter: LogFilter): Promise<readonly LogLine[]>;

  /** Tells other processes to look. Never inside a writing transaction; failing is not an error. */
  hint(hints: readonly Hint[]): void;
  /** Calls `listener` for other processes' hints until unsubscribed. */
  changes(listener: (hint: Hint) => void): Unsubscribe;

  /** Due deliveries, of each job only the oldest, leased to the caller; tenants in turn. */
  deliveryClaim(request: DeliveryClaim): Promise<readonly Delivery[]>;
  /** True where the row was still held under this fence. */
  deliverySettle(batch: readonly DeliverySettlement[]): Promise<readonly boolean[]>;

  /** False where the id is taken; nothing is written then. */
  keyInsert(key: StoredKey): Promise<boolean>;
  keyRead(id: string): Promise<StoredKey | null>;
  /** Of one tenant, or of all with null; oldest first. */
  keyList(tenant: string | null): Promise<readonly StoredKey[]>;
  /** False where there is no such key, or it was revoked before. */
  keyRevoke(request: { readonly id: string; readonly now: number }): Promise<boolean>;

  documentWrite(write: DocumentWrite): Promise<DocumentOutcome>;
  documentRead(ref: Pick<Document, 'tenant' | 'kind' | 'name'>): Promise<Document | null>;
  /** Newest first by creation, then name. `after` is the last one seen: the list goes on behind its place, also when it is gone. */
  documentList(filter: {
    readonly tenant: string;
    readonly kind: string;
    readonly after?: Pick<Document, 'createdAt' | 'name'>;
    readonly limit: number;
  }): Promise<readonly Document[]>;
  /** How many documents a tenant has, and the bytes of their JSON as UTF-8. */
  documentUsage(tenant: string): Promise<DocumentUsage>;
  documentRemove(ref: { readonly tenant: string; readonly kind: string; readonly name: string }): Promise<boolean>;

  /**
   * Everything that the store holds at one moment, that of the first batch: counter, keys, documents, tombstones, then jobs by
   * number. Batches are bounded by count and bytes, single records that are larger excepted. One that is under way when the
   * store closes rejects with SHUTTING_DOWN.
   */
  dump(): AsyncIterable<readonly StoreRecord[]>;
  /**
   * Writes records of a dump as they are: ids, numbers, revisions, fences, leases and times included. Nothing is announced. What
   * follows from records is made right, whatever the order they come in: counts, tags, who of a sequence may run, and the counter, which
   * only goes up and before any of the batch is visible. A job that no transition can make, such as a waiting one with a worker, is a conflict.
   */
  restore(batch: readonly StoreRecord[]): Promise<readonly RestoreOutcome[]>;
}
