/** What became of deliveries: shown, kept for a while, and sent again. */
import assert from 'node:assert/strict';
import { uuidv7 } from 'uuidv7';
import type { Delivery, DeliveryFilter, DeliveryTry, NewDelivery } from '../contract.ts';
import { TRIES_KEPT } from '../contract.ts';
import { at, first, LEASE_MS, NOW, newDelivery } from './fixtures.ts';
import { alone, type Context, type Topic } from './suite.ts';

const LATER = NOW + 1_000_000;

export const deliveryLog: Topic = [
  alone('deliveryList shows pending and settled ones with their tries, newest first', async (context) => {
    const { store } = context;
    const jobs = [uuidv7(), uuidv7(), uuidv7()];
    const added = jobs.map((jobId) =>
      newDelivery(context, { jobId, endpointId: 'e', origin: { dialect: 'd', data: 1 } }),
    );
    const numbers = await store.deliveryAdd([
      ...added,
      newDelivery(context, { jobId: at(jobs, 2), endpointId: 'e', revision: 2 }),
    ]);
    const [one, two] = await claim(context);
    assert.ok(one !== undefined && two !== undefined);
    const broken = tryOf({ status: 500, answer: 'Grüße \0 🚀' });
    const fine = tryOf({ at: NOW + 600, status: 200 });
    await settle(context, one, broken, { kind: 'retry', at: NOW + 500 });
    const again = first(await claim(context, NOW + 500));
    await settle(context, again, fine, { kind: 'delivered', keepUntil: LATER });
    const refused = tryOf({ error: 'The address is private.' });
    await settle(context, two, refused, { kind: 'failed', keepUntil: LATER + 1 });
    const { tenant, event, endpointId, url } = at(added, 0);
    const shown = { tenant, revision: 1, event, endpointId, url, at: NOW };
    const expected = [
      {
        ...shown,
        revision: 2,
        number: numbers[3],
        jobId: jobs[2],
        attempt: 0,
        state: 'pending',
        dueAt: NOW,
        keepUntil: null,
        tries: [],
      },
      {
        ...shown,
        number: numbers[2],
        jobId: jobs[2],
        attempt: 1,
        state: 'pending',
        dueAt: NOW + LEASE_MS,
        keepUntil: null,
        tries: [],
      },
      {
        ...shown,
        number: numbers[1],
        jobId: jobs[1],
        attempt: 1,
        state: 'failed',
        dueAt: null,
        keepUntil: LATER + 1,
        tries: [refused],
      },
      {
        ...shown,
        number: numbers[0],
        jobId: jobs[0],
        attempt: 2,
        state: 'delivered',
        dueAt: null,
        keepUntil: LATER,
        tries: [broken, fine],
      },
    ];
    assert.deepEqual(await list(context), expected);
    const whole = await store.deliveryRead({ tenant, number: numbers[0] ?? 0 });
    assert.deepEqual(whole, { ...expected[3], headers: at(added, 0).headers, body: '{}' });
    const pending = await store.deliveryRead({ tenant, number: numbers[3] ?? 0 });
    assert.deepEqual(pending, { ...expected[0], headers: at(added, 0).headers, body: '{}' });
  }),

  alone('deliveryList goes by tenant, endpoint, job, state and cursor', async (context) => {
    const { store, tenant } = context;
    const [one, two] = [uuidv7(), uuidv7()];
    const numbers = await store.deliveryAdd([
      newDelivery(context, { jobId: one, endpointId: 'a' }),
      newDelivery(context, { jobId: two, endpointId: 'a' }),
      newDelivery(context, { jobId: one, endpointId: 'b' }),
      newDelivery(context, { jobId: one }),
      newDelivery(context, { jobId: null, endpointId: 'a' }),
      newDelivery({ tenant: `${tenant}-other` }, { jobId: one, endpointId: 'a' }),
    ]);
    for (const delivery of await claim(context)) {
      const kind = delivery.jobId === two ? 'failed' : 'delivered';
      if (delivery.endpointId !== 'b') await settle(context, delivery, null, { kind, keepUntil: LATER });
    }
    const shown = async (filter: Partial<DeliveryFilter>) =>
      (await list(context, filter)).map(({ number }) => numbers.indexOf(number));
    assert.deepEqual(await shown({}), [4, 3, 2, 1, 0]);
    assert.deepEqual(await shown({ endpointId: 'a' }), [4, 1, 0]);
    assert.deepEqual(await shown({ jobId: one }), [3, 2, 0]);
    assert.deepEqual(await shown({ jobId: one, endpointId: 'a' }), [0]);
    assert.deepEqual(await shown({ states: ['pending'] }), [2]);
    assert.deepEqual(await shown({ states: ['failed'] }), [1]);
    assert.deepEqual(await shown({ states: ['failed', 'pending'] }), [2, 1]);
    assert.deepEqual(await shown({ endpointId: 'a', states: ['delivered'] }), [4, 0]);
    assert.deepEqual(await shown({ limit: 2 }), [4, 3]);
    assert.deepEqual(await shown({ limit: 2, after: at(numbers, 3) }), [2, 1]);
    assert.deepEqual(await shown({ states: [] }), []);
    assert.deepEqual(await shown({ tenant: 'nobody' }), []);
    assert.equal(await store.deliveryRead({ tenant: `${tenant}-other`, number: at(numbers, 0) }), null);
    assert.equal(await store.deliveryRead({ tenant, number: 987_654 }), null);
  }),

  alone('the newest tries are kept of a delivery that is tried for long', async (context) => {
    await context.store.deliveryAdd([newDelivery(context)]);
    const tries = Array.from({ length: TRIES_KEPT + 3 }, (_, index) => tryOf({ at: NOW + index, status: 500 }));
    for (const tried of tries) {
      await settle(context, first(await claim(context, LATER)), tried, { kind: 'retry', at: LATER });
    }
    const [record] = await list(context);
    assert.deepEqual(record?.tries, tries.slice(-TRIES_KEPT));
    assert.equal(record?.attempt, tries.length);
  }),

  alone(
    'deliveryRedeliver has a settled one sent once more as it was, with its attempts counted anew',
    async (context) => {
      const { store, tenant } = context;
      const added = newDelivery(context, { body: 'Grüße \0', headers: { a: 'b' } });
      const number = first(await store.deliveryAdd([added]));
      assert.equal(await store.deliveryRedeliver({ tenant, now: NOW, number }), 0);
      const held = first(await claim(context));
      const tried = tryOf({ status: 500 });
      await settle(context, held, tried, { kind: 'failed', keepUntil: LATER });
      assert.equal(await store.deliveryRedeliver({ tenant: 'other', now: NOW, number }), 0);
      assert.equal(await store.deliveryRedeliver({ tenant, now: NOW + 700, number }), 1);
      assert.equal(await store.deliveryRedeliver({ tenant, now: NOW + 700, number }), 0);
      assert.deepEqual(await claim(context, NOW + 699), []);
      const again = first(await claim(context, NOW + 700));
      assert.deepEqual(again, { ...held, attempt: 1, firstTriedAt: null, fence: again.fence });
      assert.ok(again.fence > held.fence);
      const [record] = await list(context);
      assert.deepEqual([record?.state, record?.tries], ['pending', [tried]]);
      await settle(context, again, tryOf({ status: 200 }), { kind: 'delivered', keepUntil: LATER });
      assert.deepEqual(
        (await list(context)).map(({ state, tries }) => [state, tries.length]),
        [['delivered', 2]],
      );
    },
  ),

  alone(
    'deliveryRedeliver keeps the order of a job: younger ones wait for the one that is sent again',
    async (context) => {
      const { store, tenant } = context;
      const of = (revision: number) => newDelivery(context, { revision, endpointId: 'e' });
      const numbers = await store.deliveryAdd([of(1), of(2), of(3), of(4)]);
      for (const _ of [1, 2]) {
        await settle(context, first(await claim(context)), null, { kind: 'failed', keepUntil: LATER });
      }
      const third = first(await claim(context));
      await settle(context, third, null, { kind: 'retry', at: NOW + 1 });
      assert.equal(
        await store.deliveryRedeliver({ tenant, now: NOW + 1, endpointId: 'e', failedFrom: NOW, limit: 10 }),
        2,
      );
      const order: number[] = [];
      for (let next = await claim(context, LATER); next.length > 0; next = await claim(context, LATER)) {
        assert.equal(next.length, 1);
        order.push(first(next).number);
        await settle(context, first(next), null, { kind: 'delivered', keepUntil: LATER });
      }
      assert.deepEqual(order, numbers);
    },
  ),

  alone('deliveryRedeliver leaves one alone that is under way', async (context) => {
    const { store, tenant } = context;
    const of = (revision: number) => newDelivery(context, { revision });
    const [one = 0, two = 0] = await store.deliveryAdd([of(1), of(2), of(3)]);
    await settle(context, first(await claim(context)), null, { kind: 'delivered', keepUntil: LATER });
    const held = first(await claim(context));
    await store.deliveryRedeliver({ tenant, now: NOW, number: one });
    const again = first(await claim(context));
    assert.deepEqual([held.number, again.number], [two, one]);
    await settle(context, again, null, { kind: 'delivered', keepUntil: LATER });
    // Still held.
    assert.deepEqual(await claim(context), []);
    assert.equal(await settle(context, held, null, { kind: 'delivered', keepUntil: LATER }), true);
    assert.equal(first(await claim(context)).revision, 3);
  }),

  alone('deliveryRedeliver has those sent that failed since a time, oldest first, up to a limit', async (context) => {
    const { store, tenant } = context;
    const of = (index: number, over: Partial<NewDelivery> = {}) =>
      newDelivery(context, { jobId: uuidv7(), endpointId: 'e', at: NOW + index, ...over });
    const numbers = await store.deliveryAdd([of(0), of(1), of(2), of(3), of(4), of(5, { endpointId: 'f' }), of(6)]);
    for (const delivery of await claim(context)) {
      const kind = delivery.at === NOW + 2 ? 'delivered' : 'failed';
      if (delivery.at < NOW + 6) await settle(context, delivery, null, { kind, keepUntil: LATER });
    }
    const redeliver = (limit: number) =>
      store.deliveryRedeliver({ tenant, now: NOW, endpointId: 'e', failedFrom: NOW + 1, limit });
    const claimed = async () => (await claim(context)).map(({ number }) => numbers.indexOf(number));
    assert.equal(await redeliver(2), 2);
    assert.deepEqual(await claimed(), [1, 3]);
    assert.equal(await redeliver(2), 1);
    assert.deepEqual(await claimed(), [4]);
    assert.equal(await redeliver(2), 0);
  }),

  alone('deliveryPrune drops what is past its time, and nothing that is pending', async (context) => {
    const { store, tenant } = context;
    const numbers = await store.deliveryAdd(Array.from({ length: 5 }, () => newDelivery(context, { jobId: uuidv7() })));
    for (const [index, delivery] of (await claim(context)).slice(0, 4).entries()) {
      await settle(context, delivery, null, { kind: 'delivered', keepUntil: NOW + index });
    }
    assert.equal(await store.deliveryPrune({ now: NOW - 1, limit: 10 }), 0);
    assert.equal(await store.deliveryPrune({ now: NOW + 2, limit: 2 }), 2);
    assert.equal(await store.deliveryPrune({ now: NOW + 2, limit: 2 }), 1);
    assert.deepEqual(
      (await list(context)).map(({ number }) => number),
      [numbers[4], numbers[3]],
    );
    assert.equal(await store.deliveryRedeliver({ tenant, now: NOW, number: at(numbers, 0) }), 0);
    const [next = 0] = await store.deliveryAdd([newDelivery(context)]);
    assert.ok(next > at(numbers, 4));
  }),

  alone('deliveryPending counts those of one endpoint', async (context) => {
    const { store, tenant } = context;
    const other = newDelivery({ tenant: `${tenant}-other` }, { endpointId: 'e' });
    const mine = { endpointId: 'e' };
    await store.deliveryAdd([newDelivery(context, mine), newDelivery(context, mine), newDelivery(context), other]);
    assert.equal(await store.deliveryPending({ tenant, endpointId: 'e' }), 2);
    for (const delivery of await claim(context)) {
      await settle(context, delivery, null, { kind: 'failed', keepUntil: LATER });
    }
    assert.equal(await store.deliveryPending({ tenant, endpointId: 'e' }), 1);
    assert.equal(await store.deliveryPending({ tenant, endpointId: 'none' }), 0);
  }),
];

function claim({ store }: Context, now = NOW, max = 20): Promise<readonly Delivery[]> {
  return store.deliveryClaim({ now, leaseMs: LEASE_MS, max });
}

function list({ store, tenant }: Context, filter: Partial<DeliveryFilter> = {}) {
  return store.deliveryList({ tenant, limit: 100, ...filter });
}

function tryOf(over: Partial<DeliveryTry>): DeliveryTry {
  return { at: NOW, durationMs: 12, status: null, error: null, answer: null, ...over };
}

async function settle(
  { store }: Context,
  { number, fence }: Delivery,
  tried: DeliveryTry | null,
  outcome: Parameters<typeof store.deliverySettle>[0][number]['outcome'],
): Promise<boolean> {
  return first(await store.deliverySettle([{ number, fence, tried, outcome }]));
}
