/** Part of the store contract: jobs on their way in, through their rooms, and out. */
import type { Weights } from '../core/fairness/turns.ts';
import type { Starts } from '../core/fairness/type-limit.ts';
import type { Job, JobPatch, JobSpec } from '../core/job.ts';
import type { LimitBounds } from '../core/limit-spec.ts';
import type { StoredState } from '../core/state.ts';
import type { FinishedFilter } from './contract-finished.ts';

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
  /** Nothing stored: `job` holds its unique key. See core/unique.ts. */
  | { readonly kind: 'held'; readonly job: Job }
  /** Not stored as a job of its own: `job`, which waits and holds its unique key, has its input, tags, priority, time and deadline, and begins anew. */
  | { readonly kind: 'replaced'; readonly job: Job }
  /** Nothing stored: the item is a replay, and the tenant has no job with its idempotency key. */
  | { readonly kind: 'absent' }
  /** Nothing stored: the tenant has no job with this id, which `terms.after` names. */
  | { readonly kind: 'noParent'; readonly id: string };

export interface ClaimWant {
  readonly type: string;
  /** Free slots for it. */
  readonly max: number;
  /** By `core/fairness/aging.ts`. Left out: a higher priority goes first, however long others have waited. */
  readonly agingMs?: number;
  /** Of all processes together, by `core/fairness/type-limit.ts`: no more run than its concurrency, and no more start than its rate. */
  readonly cluster?: LimitBounds;
}

export interface TypeStarts {
  readonly type: string;
  readonly starts: Starts;
}

export interface ClaimRequest {
  /** Types to claim, each once. */
  readonly wants: readonly ClaimWant[];
  /** Of tenants that do not weigh 1: see `core/fairness/turns.ts`. */
  readonly weights?: Weights;
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
  /** When the change happens, as its event says it. Left out: `patch.finishedAt`, else the time of the store. */
  readonly now?: number;
  /** Where it brings the job to `succeeded`: frees children that wait for nothing else, if there are few (`FAMILY_MAX`), in the same transaction. */
  readonly frees?: boolean;
}

/** What a patch that `frees` has come to, beside its own job. */
export interface Freed {
  /** Children that do not wait for it any more, nor for others. */
  readonly freed?: readonly Job[];
  /** Nothing of this end is left to be told (`contract-ended.ts`). */
  readonly isSettled?: boolean;
}

export type ApplyOutcome =
  /** Written; `job` is the new snapshot, its revision one higher. */
  | ({ readonly kind: 'applied'; readonly job: Job } & Freed)
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
  /** Only members of the group with this id; not together with `finished`. */
  readonly group?: string;
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

export interface CountFilter
  extends Pick<ListFilter, 'tenant' | 'states' | 'types' | 'tags' | 'group' | 'createdFrom' | 'createdBefore'> {
  readonly finished?: Omit<FinishedFilter, 'after'>;
  /**
   * Bounds the work where jobs have to be looked at: counting stops at this many, of whatever type and state. Counts that are kept have no need
   * of it, and may be larger.
   */
  readonly max?: number;
}

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
