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
import type { Job } from '../core/job.ts';
import type { Amendment, AmendOutcome } from './contract-amend.ts';
import type { DeliveryStore } from './contract-deliveries.ts';
import type { EndedStore } from './contract-ended.ts';
import type { EventStore } from './contract-events.ts';
import type { GroupStore } from './contract-groups.ts';
import type {
  ApplyOutcome,
  ClaimedJob,
  ClaimRequest,
  Count,
  CountFilter,
  GuardedPatch,
  InsertOutcome,
  JobRef,
  JobUsage,
  LeaseExtension,
  LeaseOutcome,
  ListFilter,
  NewJob,
  ReadOutcome,
  Removal,
  RemoveOutcome,
  ResultContent,
  ResultRef,
  SweepFindings,
  TypeStarts,
} from './contract-jobs.ts';
import type {
  Document,
  DocumentAdded,
  DocumentOutcome,
  DocumentStep,
  DocumentUsage,
  DocumentWrite,
  DueRequest,
  StepOutcome,
  StoredKey,
} from './contract-keys.ts';
import type { LimitStore } from './contract-limits.ts';
import type { LinkStore } from './contract-links.ts';
import type { LogAppend, LogFilter, LogLine, LogOutcome } from './contract-logs.ts';
import type { RestoreOutcome, StoreRecord } from './contract-records.ts';
import type { ErrorCount, OldestDue, StatFilter, StatRow, StatSum } from './contract-stats.ts';
import type { WorkerFilter, WorkerLoad, WorkerRow } from './contract-workers.ts';

export * from './contract-amend.ts';
export * from './contract-deliveries.ts';
export type * from './contract-ended.ts';
export type * from './contract-events.ts';
export type { FinishedFilter } from './contract-finished.ts';
export type * from './contract-groups.ts';
export type * from './contract-jobs.ts';
export * from './contract-keys.ts';
export * from './contract-limits.ts';
export * from './contract-links.ts';
export type * from './contract-logs.ts';
export type * from './contract-records.ts';
export type * from './contract-stats.ts';
export type * from './contract-workers.ts';

// --- Hints ----------------------------------------------------------------------------------------------------------------

/** "Look again": may be lost, late or doubled. Only other processes' changes; a process knows its own. */
export type Hint =
  | { readonly kind: 'jobs'; readonly ids: readonly string[] }
  | { readonly kind: 'work'; readonly types: readonly string[] }
  /** The listener was away: anything may have changed. */
  | { readonly kind: 'everything' };

export type Unsubscribe = () => void;

// --- The store itself -------------------------------------------------------------------------------------------------------

/** Differences between the engines, as named facts: nobody asks for a class name. */
export interface StoreFacts {
  readonly engine: 'sqlite' | 'postgres';
  /**
   * Whether other processes write to the same store: then snapshots may not be served from memory, and hints matter. Where none does, writes
   * are carried out and answered in the order in which they are called.
   */
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

export interface Store extends EventStore, DeliveryStore, EndedStore, GroupStore, LimitStore, LinkStore {
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
   * Takes due jobs (`waiting`, `runAt <= now`) of the wanted types. The slots of a type go round the tenants that have some, by their weights
   * (`core/fairness/turns.ts`); each process keeps in memory where its round stands. The jobs of one tenant come by priority (high first), then
   * runAt, then number, or as `core/fairness/aging.ts` says. Each job goes to one claimer only. A job with a sequenceKey is passed over while an
   * earlier one of its tenant and key is not final, one with a limit while it has no ticket of its key. Fewer than wanted: there was nothing more due.
   *
   * The work is bounded by the slots, however many jobs and tenants wait: of tenants that have nothing due a claim looks at a bounded number
   * (`claim-walk.ts`), then slots go to what has been due the longest, in that order. So do slots whose jobs others take at that moment.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimedJob[]>;
  /** When jobs of types that are claimed with a `cluster` limit were started, as far as its rate counts them; none for other types. Not part of a dump. */
  startsOf(types: readonly string[]): Promise<readonly TypeStarts[]>;
  apply(batch: readonly GuardedPatch[]): Promise<readonly ApplyOutcome[]>;
  read(batch: readonly JobRef[]): Promise<readonly ReadOutcome[]>;
  /** Null where there is no such job or it has no result. */
  readResult(batch: readonly ResultRef[]): Promise<readonly (ResultContent | null)[]>;
  /** The submitted input as JSON text; null where there is no such job. */
  readInput(batch: readonly { readonly id: string }[]): Promise<readonly (string | null)[]>;
  list(filter: ListFilter): Promise<readonly Job[]>;
  /** Jobs per tenant, type and state; groups without a job are left out. */
  count(filter: CountFilter): Promise<readonly Count[]>;
  /** The jobs of a tenant, in whatever state, and the bytes of their inputs (as UTF-8), results, logs and output. */
  usage(tenant: string): Promise<JobUsage>;
  /** Heartbeats. Not a change: the revision stays. */
  extend(batch: readonly LeaseExtension[]): Promise<readonly LeaseOutcome[]>;
  sweep(request: { readonly now: number; readonly limit: number }): Promise<SweepFindings>;
  /** The earliest `runAt` ahead of `now` per type, for types that have one: how long a dispatcher may sleep. */
  nextRunAt(request: { readonly types: readonly string[]; readonly now: number }): Promise<number | null>;
  /** Of jobs that a claim could take at `now`, the earliest `runAt` for each of the types that has one. Cheap, however many wait. */
  oldestDue(request: {
    /** Null for all of them. */
    readonly tenant: string | null;
    readonly types: readonly string[];
    readonly now: number;
  }): Promise<readonly OldestDue[]>;
  /** Removes job, result, tags, logs and output, and leaves a tombstone; its events and deliveries go on. Drops tombstones whose `goneUntil` has passed. */
  remove(batch: readonly Removal[]): Promise<readonly RemoveOutcome[]>;
  /** Changes what waiting jobs were submitted with, the place in every list and claim included. Nothing is delivered: the state stays. */
  amend(batch: readonly Amendment[]): Promise<readonly AmendOutcome[]>;

  /** Appends lines behind those that there are. A job without any costs nothing, here or elsewhere. */
  logAppend(batch: readonly LogAppend[]): Promise<readonly LogOutcome[]>;
  /** By offset; none where there is no such job. */
  logRead(filter: LogFilter): Promise<readonly LogLine[]>;

  /** Each row in place of an earlier one of the same tenant, type, minute and node: to write it once more does no harm. Not part of a dump. */
  statWrite(batch: readonly StatRow[]): Promise<void>;
  /** By time, then type; stretches without rows are left out. */
  statRead(filter: StatFilter): Promise<readonly StatSum[]>;
  /** Of minutes that began at or after `from`, the most frequent first. */
  statErrors(filter: { readonly tenant: string; readonly from: number }): Promise<readonly ErrorCount[]>;
  /** Removes rows of minutes before this time, at most `limit` of them; answers how many. */
  statDrop(request: { readonly before: number; readonly limit: number }): Promise<number>;

  /** Each row in place of an earlier one of the same tenant and name, unless that was seen later. Not part of a dump: nobody works where it is restored. */
  workerWrite(batch: readonly WorkerRow[]): Promise<void>;
  /** By tenant, then name. */
  workerList(filter: WorkerFilter): Promise<readonly WorkerRow[]>;
  workerRemove(ref: Pick<WorkerRow, 'tenant' | 'name'>): Promise<void>;
  /** Removes those last seen before this time. */
  workerDrop(request: { readonly before: number }): Promise<void>;
  /** Running jobs by tenant and worker, of one tenant or of all with null; none for workers without any. */
  workerLoads(filter: { readonly tenant: string | null }): Promise<readonly WorkerLoad[]>;

  /** Tells other processes to look. Never inside a writing transaction; failing is not an error. */
  hint(hints: readonly Hint[]): void;
  /** Calls `listener` for other processes' hints until unsubscribed. */
  changes(listener: (hint: Hint) => void): Unsubscribe;

  /** False where the id is taken; nothing is written then. */
  keyInsert(key: StoredKey): Promise<boolean>;
  keyRead(id: string): Promise<StoredKey | null>;
  /** Of one tenant, or of all with null; oldest first. */
  keyList(tenant: string | null): Promise<readonly StoredKey[]>;
  /** False where there is no such key, or it was revoked before. */
  keyRevoke(request: { readonly id: string; readonly now: number }): Promise<boolean>;

  documentWrite(write: DocumentWrite): Promise<DocumentOutcome>;
  /**
   * Writes a new document, where the tenant has fewer than `countMax` of its kind: of many who add at once no more get through than there is room for.
   * `expectRevision` is 0: one that is there is `stale`.
   */
  documentAdd(write: DocumentWrite & { readonly countMax: number }): Promise<DocumentAdded>;
  documentRead(ref: Pick<Document, 'tenant' | 'kind' | 'name'>): Promise<Document | null>;
  /** Newest first by creation, then name. `after` is the last one seen: the list goes on behind its place, also when it is gone. */
  documentList(filter: {
    readonly tenant: string;
    readonly kind: string;
    readonly after?: Pick<Document, 'createdAt' | 'name'>;
    readonly limit: number;
  }): Promise<readonly Document[]>;
  /** How many documents a tenant has, of one kind or of all, and the bytes of their JSON as UTF-8. */
  documentUsage(tenant: string, kind?: string): Promise<DocumentUsage>;
  documentRemove(ref: { readonly tenant: string; readonly kind: string; readonly name: string }): Promise<boolean>;
  /** Documents of all tenants whose time has come: by `dueAt`, then tenant and name. */
  documentDue(request: DueRequest): Promise<readonly Document[]>;
  /** The earliest `dueAt` of the kind ahead of `now`: how long whoever looks at them may sleep. */
  documentNextDue(request: Pick<DueRequest, 'kind' | 'now'>): Promise<number | null>;
  /** Writes the document and inserts the jobs in one transaction, or neither. */
  documentStep(step: DocumentStep): Promise<StepOutcome>;

  /**
   * Everything that the store holds at one moment, that of the first batch: counter, keys, documents, pending
   * deliveries, events that have not been fanned out, groups, their members, tombstones, then jobs by number. Followers, events for readers and the delivery log are not in it. Batches are bounded by count and bytes, single records that are larger excepted. One that is under way when the
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
