/** What must be delivered: what was added, in order per endpoint and job, held by one claimer at a time; and the log of what was settled. */
import assert from 'node:assert/strict';
import type { Delivery, NewDelivery } from '../../src/store/contract.ts';

/** All by one: which of them goes first is the store's own choice. */
export const MODEL_LANE = 3;

interface Entry {
  readonly added: NewDelivery;
  /** Not handed out before. */
  dueAt: number;
  attempt: number;
  /** Of the claim that holds it; null while nobody does. */
  heldUnder: number | null;
  number: number | null;
  fence: number;
  firstTriedAt: number | null;
  /** Null while it is pending. */
  keepUntil: number | null;
}

export interface Settlement {
  readonly number: number;
  readonly fence: number;
  /** Of the try; null where it was not made. */
  readonly triedAt: number | null;
  readonly retryAt: number | null;
  readonly keepUntil: number;
}

export interface DeliveryOracle {
  add(batch: readonly NewDelivery[]): void;
  /** Checks what a driver has handed out, which of several due ones is its own choice. */
  claimed(deliveries: readonly Delivery[], now: number, leaseMs: number, max: number): void;
  /** Everything handed out so far and not settled, with the fence of its last claim. */
  held(): readonly { readonly number: number; readonly fence: number }[];
  /** Numbers of those in the log. */
  settled(): readonly number[];
  settle(settlement: Settlement): boolean;
  redeliver(tenant: string, number: number, now: number): number;
  prune(now: number): number;
}

export function createDeliveryOracle(): DeliveryOracle {
  /** In the order of their numbers. */
  let entries: readonly Entry[] = [];
  const pending = () => entries.filter(({ keepUntil }) => keepUntil === null);
  const isOfOrder = (a: NewDelivery, b: NewDelivery) => a.jobId === b.jobId && a.endpointId === b.endpointId;
  const heads = () => pending().filter((one) => pending().find(({ added }) => isOfOrder(added, one.added)) === one);

  function take(delivery: Delivery, due: readonly Entry[], leaseUntil: number): void {
    const entry = due.find(
      ({ added: { jobId, endpointId } }) => jobId === delivery.jobId && endpointId === delivery.endpointId,
    );
    assert.ok(entry !== undefined, `delivery of ${delivery.jobId} to ${delivery.endpointId} is not due`);
    const { dueAt: _, ...added } = entry.added;
    assert.deepEqual(delivery, {
      ...added,
      number: entry.number ?? delivery.number,
      attempt: entry.attempt + 1,
      fence: delivery.fence,
      firstTriedAt: entry.firstTriedAt,
    });
    assert.ok(delivery.fence > entry.fence, `fence ${delivery.fence} after ${entry.fence}`);
    const { number, fence, attempt } = delivery;
    Object.assign(entry, { number, fence, attempt, heldUnder: fence, dueAt: leaseUntil });
  }

  return {
    add(batch) {
      const fresh = { attempt: 0, heldUnder: null, number: null, fence: 0, firstTriedAt: null, keepUntil: null };
      entries = [...entries, ...batch.map((added) => ({ added, dueAt: added.dueAt, ...fresh }))];
    },
    claimed(deliveries, now, leaseMs, max) {
      const due = heads().filter(({ dueAt }) => dueAt <= now);
      assert.equal(deliveries.length, Math.min(max, due.length), 'deliveries handed out');
      assert.equal(new Set(deliveries.map(({ number }) => number)).size, deliveries.length);
      for (const delivery of deliveries) take(delivery, due, now + leaseMs);
    },
    held: () => pending().flatMap(({ number, fence }) => (number === null ? [] : [{ number, fence }])),
    settled: () => entries.flatMap(({ number, keepUntil }) => (number === null || keepUntil === null ? [] : [number])),
    settle({ number, fence, triedAt, retryAt, keepUntil }) {
      const entry = pending().find((one) => one.number === number && one.heldUnder === fence);
      if (entry === undefined) return false;
      entry.heldUnder = null;
      if (retryAt === null) entry.keepUntil = keepUntil;
      else if (triedAt === null) Object.assign(entry, { dueAt: retryAt, attempt: entry.attempt - 1 });
      else Object.assign(entry, { dueAt: retryAt, firstTriedAt: entry.firstTriedAt ?? triedAt });
      return true;
    },
    redeliver(tenant, number, now) {
      const entry = entries.find((one) => one.number === number && one.keepUntil !== null);
      if (entry === undefined || entry.added.tenant !== tenant) return 0;
      Object.assign(entry, { dueAt: now, attempt: 0, firstTriedAt: null, keepUntil: null });
      return 1;
    },
    prune(now) {
      const kept = entries.filter(({ keepUntil }) => keepUntil === null || keepUntil > now);
      const count = entries.length - kept.length;
      entries = kept;
      return count;
    },
  };
}
