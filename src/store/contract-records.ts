/** Part of the store contract: moving all that a store holds to another one. */
import type { Job } from '../core/job.ts';
import type { KeyBounds } from '../core/limit-tickets.ts';
import type { PendingDelivery } from './contract-deliveries.ts';
import type { JobEvent } from './contract-events.ts';
import type { DueGroup, GroupMember } from './contract-groups.ts';
import type { ResultContent } from './contract-jobs.ts';
import type { Document, StoredKey } from './contract-keys.ts';
import type { LimitRef } from './contract-limits.ts';
import type { LogLine } from './contract-logs.ts';

/** A removed job: it answers "gone" until `goneUntil`. */
export interface Tombstone {
  readonly id: string;
  readonly number: number;
  readonly tenant: string;
  readonly goneAt: number;
  readonly goneUntil: number;
}

/** What is known of a key beside its jobs. */
export interface LimitRecord extends LimitRef {
  readonly bounds: KeyBounds;
  readonly isKept: boolean;
  readonly closedUntil: number | null;
  /** As `TicketState` has them. */
  readonly starts: readonly (readonly [at: number, count: number])[];
}

/** A job with all that belongs to it, written in one transaction. */
export interface WholeJob {
  readonly job: Job;
  /** JSON text, as submitted. */
  readonly input: string;
  readonly result: ResultContent | null;
  /** By offset. */
  readonly logs: readonly LogLine[];
}

/** Everything that a store holds is a sequence of these. */
export type StoreRecord =
  /** The last job number given out, and the fan-out's mark: events behind it are records. Where it is restored events go on from there. */
  | { readonly kind: 'counter'; readonly number: number; readonly position: number }
  | { readonly kind: 'key'; readonly key: StoredKey }
  | { readonly kind: 'document'; readonly document: Document }
  | { readonly kind: 'limit'; readonly limit: LimitRecord }
  /** By number: those of one (endpoint, job) keep their order. It gets a number of the store that it comes to. */
  | { readonly kind: 'delivery'; readonly delivery: PendingDelivery }
  /** Not fanned out yet, by position, which it keeps. */
  | { readonly kind: 'event'; readonly event: JobEvent }
  /** With its counts, which the records of its members leave as they are. */
  | ({ readonly kind: 'group' } & DueGroup)
  /** Behind its group. */
  | { readonly kind: 'member'; readonly member: GroupMember }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone }
  | ({ readonly kind: 'job' } & WholeJob);

export type RestoreOutcome =
  | 'written'
  /**
   * There already, and at least as new: the job with the same id and number (or its tombstone), the key with the same hash,
   * the document of the same creation; the group, and the job as a member of it; the delivery of the same job, revision, endpoint and event, pending or in the log; the event at a position
   * that is taken or fanned out. Left as it is.
   */
  | 'present'
  /** Not written: its id, number, name or idempotency key is taken by something else, or what is there is older than the record. */
  | 'conflict';
