/**
 * The store contract's part about events: changes of jobs, written down for who follows them.
 *
 * A change's transaction writes its event too, and only where somebody wants it: a follower of the tenant that wants this kind, or the
 * job's own `callbackUrl` (then every kind). So no change is lost, none is told that was not stored, and who follows nothing pays nothing.
 * An event stays when its job is removed: it carries all that it needs. Restored jobs make none.
 */
import type { Job } from '../core/job.ts';
import type { StoredState } from '../core/state.ts';
import type { NewDelivery } from './contract-deliveries.ts';

/** What happened: a state was entered, or something changed within it (progress, a cancel request, an amended job). Leases are no change. */
export type EventKind = StoredState | 'changed';

export interface JobEvent {
  /**
   * Place in the one order that all readers see. Who has seen a position never meets a smaller one later, over all processes; those of one
   * job come by revision.
   */
  readonly position: number;
  readonly kind: EventKind;
  /** When the change happened. */
  readonly at: number;
  /** As it was at that revision. Without input and result bytes. */
  readonly job: Job;
}

export interface FollowerRef {
  readonly tenant: string;
  /** Its own within the tenant: an endpoint's id, a feed. */
  readonly name: string;
}

export interface Follower extends FollowerRef {
  readonly wants: readonly EventKind[];
  /** From then on it may be forgotten, and is by the next `eventPrune`. Null: until unfollowed. */
  readonly until: number | null;
}

export interface Following {
  /**
   * No event that the follower wants is missing behind this position. Renewed in time, and wanting nothing more, it stays; for a new
   * follower, or one that had lapsed (`until <= now`), it is the newest position.
   */
  readonly since: number;
}

export interface EventReadRequest {
  /** Null for all. */
  readonly tenant: string | null;
  readonly after: number;
  readonly limit: number;
}

export interface EventPage {
  /** By position. */
  readonly events: readonly JobEvent[];
  /** The newest position there is, whatever the filter: fewer events than `limit`, and the reader has seen all up to here. */
  readonly newest: number;
  /** Every event up to here may be gone; who was not as far has missed some. 0 at first. */
  readonly prunedTo: number;
}

export interface EventPrune {
  readonly now: number;
  /** Events that happened before it go, oldest position first, up to the first that did not. */
  readonly before: number;
  /** And those that are further than this from the newest position, whatever their age. */
  readonly keepMax?: number;
  readonly limit: number;
}

/** Events behind the mark, which says how far events have been turned into deliveries. */
export interface FanOutPage {
  readonly from: number;
  readonly events: readonly JobEvent[];
}

export interface FanOutWrite {
  readonly from: number;
  readonly to: number;
  readonly deliveries: readonly NewDelivery[];
}

export interface EventStore {
  follow(follower: Follower & { readonly now: number }): Promise<Following>;
  unfollow(ref: FollowerRef): Promise<void>;
  eventRead(request: EventReadRequest): Promise<EventPage>;
  /** Events behind the fan-out's mark never go. Forgets followers that have lapsed. Answers how many events went. */
  eventPrune(request: EventPrune): Promise<number>;
  fanOutRead(request: { readonly limit: number }): Promise<FanOutPage>;
  /** Adds the deliveries and moves the mark, in one transaction. False with nothing written where the mark is not at `from` any more. */
  fanOutWrite(write: FanOutWrite): Promise<boolean>;
}
