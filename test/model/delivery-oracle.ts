/** What must be delivered: every state that a job with a callback has entered, in order, held by one claimer at a time. Also of a job that is gone. */
import assert from 'node:assert/strict';
import type { Job } from '../../src/core/job.ts';
import type { Delivery } from '../../src/store/contract.ts';

/** All by one: which of them goes first is the store's own choice. */
export const MODEL_LANE = 3;

interface Change {
  readonly job: Job;
  readonly at: number;
  /** Not handed out before. */
  dueAt: number;
  attempt: number;
  /** Of the claim that holds it; null while nobody does. */
  heldUnder: number | null;
  number: number | null;
  fence: number;
  firstTriedAt: number | null;
}

export interface Settlement {
  readonly number: number;
  readonly fence: number;
  /** Of the try. */
  readonly at: number;
  readonly retryAt: number | null;
}

export interface DeliveryOracle {
  changed(job: Job, at: number): void;
  /** Checks what a driver has handed out, which of several due jobs is its own choice. */
  claimed(deliveries: readonly Delivery[], now: number, leaseMs: number, max: number): void;
  /** Everything handed out so far and not settled, with the fence of its last claim. */
  held(): readonly { readonly number: number; readonly fence: number }[];
  settle(settlement: Settlement): boolean;
}

export function createDeliveryOracle(): DeliveryOracle {
  let changes: Change[] = [];
  const heads = () => changes.filter((change) => changes.find(({ job }) => job.id === change.job.id) === change);

  function take(delivery: Delivery, due: readonly Change[], leaseUntil: number): void {
    const change = due.find(({ job }) => job.id === delivery.jobId);
    assert.ok(change !== undefined, `delivery of ${delivery.jobId} is not due`);
    const { job } = change;
    assert.deepEqual(delivery, {
      number: change.number ?? delivery.number,
      jobId: job.id,
      tenant: job.tenant,
      revision: job.revision,
      event: job.state,
      endpointId: null,
      url: job.callbackUrl,
      lane: MODEL_LANE,
      headers: {},
      body: String(job.revision),
      origin: job.origin,
      attempt: change.attempt + 1,
      at: change.at,
      fence: delivery.fence,
      firstTriedAt: change.firstTriedAt,
    });
    assert.ok(delivery.fence > change.fence, `fence ${delivery.fence} after ${change.fence}`);
    Object.assign(change, {
      number: delivery.number,
      fence: delivery.fence,
      heldUnder: delivery.fence,
      attempt: delivery.attempt,
      dueAt: leaseUntil,
    });
  }

  return {
    changed(job, at) {
      if (job.callbackUrl === null) return;
      changes.push({ job, at, dueAt: 0, attempt: 0, heldUnder: null, number: null, fence: 0, firstTriedAt: null });
    },
    claimed(deliveries, now, leaseMs, max) {
      const due = heads().filter(({ dueAt }) => dueAt <= now);
      assert.equal(deliveries.length, Math.min(max, due.length), 'deliveries handed out');
      assert.equal(new Set(deliveries.map(({ jobId }) => jobId)).size, deliveries.length);
      for (const delivery of deliveries) take(delivery, due, now + leaseMs);
    },
    held: () => changes.flatMap(({ number, fence }) => (number === null ? [] : [{ number, fence }])),
    settle({ number, fence, at, retryAt }) {
      const change = changes.find((candidate) => candidate.number === number && candidate.heldUnder === fence);
      if (change === undefined) return false;
      if (retryAt === null) changes = changes.filter((candidate) => candidate !== change);
      Object.assign(change, { heldUnder: null, dueAt: retryAt ?? 0, firstTriedAt: change.firstTriedAt ?? at });
      return true;
    },
  };
}
