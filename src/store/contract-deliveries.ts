/** The store contract's part about deliveries: what is sent to callbacks and endpoints, tried until it is settled, and kept as a log for a while. */
import type { Origin } from '../core/job.ts';

/** Lanes of a tenant, as many as one claim can look at: 0 to 31 for callbacks, by a hash of the host; 32 to 63 for endpoints, one each. */
export const DELIVERY_LANES = 64;

/** Tries that are kept with a delivery: the newest. */
export const TRIES_KEPT = 10;

export interface NewDelivery {
  readonly tenant: string;
  /** Null for a test of an endpoint: of no order, and in no dump. */
  readonly jobId: string | null;
  /** Of the job; 0 without one. */
  readonly revision: number;
  /** The word of whoever is told: `job.succeeded`, a dialect's own. */
  readonly event: string;
  /** Null for the job's own callback. */
  readonly endpointId: string | null;
  /** Of an endpoint as it was then. */
  readonly url: string;
  /** Below `DELIVERY_LANES`. */
  readonly lane: number;
  readonly origin: Origin | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it is at every try. */
  readonly body: string;
  /** When the change happened. */
  readonly at: number;
  /** Not handed out before. */
  readonly dueAt: number;
}

/** Handed out, to be settled under its fence. Of one (endpoint, job) only the oldest that is unsettled is. */
export interface Delivery extends Omit<NewDelivery, 'dueAt'> {
  /** Increasing; the order of deliveries. */
  readonly number: number;
  /** Tries begun, this one included. */
  readonly attempt: number;
  /** Grows at every claim of this row; a settlement carries it. */
  readonly fence: number;
  /** When the first try was made that has been settled; null where there is none. */
  readonly firstTriedAt: number | null;
}

export interface DeliveryTry {
  readonly at: number;
  readonly durationMs: number;
  /** The HTTP status of the answer; null without one. */
  readonly status: number | null;
  readonly error: string | null;
  /** The beginning of the answer's body, cut by the caller. */
  readonly answer: string | null;
}

export interface DeliverySettlement {
  readonly number: number;
  readonly fence: number;
  /** Null: it was not tried; then a retry takes the attempt back. */
  readonly tried: DeliveryTry | null;
  readonly outcome:
    | { readonly kind: 'retry'; readonly at: number }
    /** Settled for good: in the log until then. */
    | { readonly kind: 'delivered' | 'failed'; readonly keepUntil: number };
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

export type DeliveryState = 'pending' | 'delivered' | 'failed';

/** A delivery as a list shows it: without what was sent. */
export interface DeliveryRecord
  extends Pick<
    Delivery,
    'number' | 'tenant' | 'jobId' | 'revision' | 'event' | 'endpointId' | 'url' | 'at' | 'attempt'
  > {
  readonly state: DeliveryState;
  /** Of a pending one: when it is tried next, or its lease ends. */
  readonly dueAt: number | null;
  /** Of a settled one: when it leaves the log. */
  readonly keepUntil: number | null;
  /** The newest, oldest first. */
  readonly tries: readonly DeliveryTry[];
}

export interface WholeDelivery extends DeliveryRecord, Pick<Delivery, 'headers' | 'body'> {}

export interface DeliveryFilter {
  readonly tenant: string;
  readonly endpointId?: string;
  readonly jobId?: string;
  readonly states?: readonly DeliveryState[];
  /** Only those with a smaller number: the keyset cursor. */
  readonly after?: number;
  readonly limit: number;
}

/** One by its number, or those of an endpoint that failed and whose change happened at `failedFrom` or later, oldest first. */
export type Redelivery = { readonly tenant: string; readonly now: number } & (
  | { readonly number: number }
  | { readonly endpointId: string; readonly failedFrom: number; readonly limit: number }
);

/** A delivery as it rests in the store. */
export interface PendingDelivery extends NewDelivery, Pick<Delivery, 'attempt' | 'fence' | 'firstTriedAt'> {
  readonly tries: readonly DeliveryTry[];
}

export interface DeliveryStore {
  /** Outside of a fan-out: tests of endpoints. The numbers, in order. */
  deliveryAdd(batch: readonly NewDelivery[]): Promise<readonly number[]>;
  /** Due deliveries, of each (endpoint, job) only the oldest, leased to the caller; tenants in turn. */
  deliveryClaim(request: DeliveryClaim): Promise<readonly Delivery[]>;
  /** True where the row was still held under this fence. */
  deliverySettle(batch: readonly DeliverySettlement[]): Promise<readonly boolean[]>;
  /** Pending and settled ones, newest number first. */
  deliveryList(filter: DeliveryFilter): Promise<readonly DeliveryRecord[]>;
  deliveryRead(ref: { readonly tenant: string; readonly number: number }): Promise<WholeDelivery | null>;
  /**
   * Settled ones are pending again, due now: same number, headers and body, their tries kept, attempts counted anew. Younger ones of the same
   * (endpoint, job) wait for them. Answers how many.
   */
  deliveryRedeliver(request: Redelivery): Promise<number>;
  /** Of one endpoint. */
  deliveryPending(ref: { readonly tenant: string; readonly endpointId: string }): Promise<number>;
  /** Drops what is past its `keepUntil` (`<= now`). Answers how many. */
  deliveryPrune(request: { readonly now: number; readonly limit: number }): Promise<number>;
}
