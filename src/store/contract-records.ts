/** Part of the store contract: moving all that a store holds to another one. */
import type { Job } from '../core/job.ts';
import type { Delivery } from './contract-deliveries.ts';
import type { ResultContent } from './contract-jobs.ts';
import type { Document, StoredKey } from './contract-keys.ts';
import type { LogLine } from './contract-logs.ts';

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
