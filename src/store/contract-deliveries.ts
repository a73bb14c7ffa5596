/** The store contract's part about deliveries: state changes on their way to a job's `callbackUrl`. */
import type { Origin } from '../core/job.ts';
import type { StoredState } from '../core/state.ts';

/**
 * Endpoints of a tenant have lanes, found by a hash of the host: as many as one claim can look at. Two endpoints may share one.
 */
export const DELIVERY_LANES = 32;

/**
 * One state change of a job with a `callbackUrl`. The store adds the row itself, in the transaction that changes the state
 * (insert, claim, apply: whenever `state` differs from before), so that no change is lost and none is announced that was not
 * stored. Deliveries of one job are handed out in order, the next only when the one before is settled for good.
 */
export interface Delivery {
  /** Increasing; the order of deliveries. */
  readonly number: number;
  readonly jobId: string;
  readonly tenant: string;
  readonly revision: number;
  /** The state that was entered. */
  readonly state: StoredState;
  readonly url: string;
  /** Which of `DELIVERY_LANES` lanes its endpoint (host and port) goes by. */
  readonly lane: number;
  readonly origin: Origin | null;
  /** Tries begun, this one included. */
  readonly attempt: number;
  /** When the change happened. */
  readonly at: number;
  /** Grows at every claim of this row; a settlement carries it. */
  readonly fence: number;
}

export interface DeliverySettlement {
  readonly number: number;
  readonly fence: number;
  /** Null: done with it (delivered or given up), the row goes. Else tried again at this time. */
  readonly retryAt: number | null;
}

/**
 * Tenants have their turns by name, from the first one behind `after` on and around: those whose receivers are slow, or who have a hundred
 * thousand deliveries due, keep nobody else's waiting. Within a tenant its lanes have their turns, from `firstLane` on and around; within a lane what
 * fell due first comes first.
 */
export interface DeliveryClaim {
  readonly now: number;
  readonly leaseMs: number;
  readonly max: number;
  /** Of each tenant; `max` unless told. */
  readonly eachMax?: number;
  readonly after?: string;
  /** Tenants that are left out. */
  readonly busy?: readonly string[];
  /** Of each lane of each tenant; `max` unless told. */
  readonly laneMax?: number;
  readonly firstLane?: number;
  /** Lanes that are left out. */
  readonly busyLanes?: readonly DeliveryLane[];
}

export interface DeliveryLane {
  readonly tenant: string;
  readonly lane: number;
}
