/** Deliveries on their way: in order per endpoint and job, held by one at a time, tenants and lanes in turn. Their log is in `delivery-log.ts`. */
import assert from 'node:assert/strict';
import { uuidv7 } from 'uuidv7';
import type { Delivery, DeliveryTry, NewDelivery, Store } from '../contract.ts';
import { claimOne, fail, first, insertJob, LEASE_MS, NOW, newDelivery } from './fixtures.ts';
import { alone, type Context, type Topic } from './suite.ts';

const LATER = NOW + 1_000_000;
const KEEP = { kind: 'delivered', keepUntil: LATER } as const;

export const deliveries: Topic = [
  alone('deliveryClaim hands out what was added, as it was', async (context) => {
    const { dueAt, ...added } = newDelivery(context, {
      origin: { dialect: 'native', data: { a: [1] } },
      endpointId: 'endpoint',
      lane: 63,
      headers: { 'webhook-id': 'x' },
      body: 'Grüße \0 🚀 '.repeat(10_000),
    });
    const [number] = await context.store.deliveryAdd([{ ...added, dueAt }]);
    const delivery = first(await claim(context));
    assert.ok(delivery.number > 0 && delivery.fence > 0);
    assert.deepEqual(delivery, { ...added, number, attempt: 1, fence: delivery.fence, firstTriedAt: null });
    assert.deepEqual(await claim(context), []);
  }),

  alone('deliveryAdd and fanOutWrite number in the order of the batch', async (context) => {
    const two = [newDelivery(context, { event: 'a', jobId: null }), newDelivery(context, { event: 'b', jobId: null })];
    const numbers = await context.store.deliveryAdd(two);
    await context.store.fanOutWrite({ from: 0, to: 0, deliveries: [newDelivery(context, { event: 'c' })] });
    const claimed = await claim(context);
    assert.deepEqual(
      claimed.slice(0, 2).map(({ number }) => number),
      numbers,
    );
    assert.deepEqual(
      claimed.map(({ event }) => event),
      ['a', 'b', 'c'],
    );
    assert.deepEqual(await context.store.deliveryAdd([]), []);
  }),

  alone('deliveryClaim gives tenants their turns, however many deliveries one of them has', async (context) => {
    const tenants = ['a', 'b', 'c'].map((name) => `${context.tenant}-${name}`);
    const [a = '', b = '', c = ''] = tenants;
    await add(
      context.store,
      [a, a, a, a, a, b, c, c].map((tenant) => newDelivery({ tenant }, { jobId: uuidv7() })),
    );
    const turn = async (more: object) => {
      const taken = await context.store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 3, ...more });
      return taken.map(({ tenant }) => tenant).sort();
    };
    assert.deepEqual(await turn({ eachMax: 1 }), [a, b, c]);
    assert.deepEqual(await turn({ eachMax: 2, max: 2, after: b }), [a, c]);
    assert.deepEqual(await turn({ busy: [a], after: a }), []);
    assert.deepEqual(await turn({ after: c }), [a, a, a]);
    assert.deepEqual(await turn({}), []);
  }),

  alone('deliveryClaim gives tenants their turns when one of them has very many due', async (context) => {
    const [a = '', b = '', c = '', d = ''] = ['a', 'b', 'c', 'd'].map((name) => `${context.tenant}-${name}`);
    const of = (tenant: string, over: Partial<NewDelivery> = {}) => newDelivery({ tenant }, { jobId: null, ...over });
    await add(context.store, [
      ...Array.from({ length: 700 }, (_, index) => of(a, { dueAt: NOW - 1_000, lane: index % 3 })),
      ...[of(c), of(d), of(d, { lane: 63 }), of(d, { dueAt: NOW + 1 }), of(b, { dueAt: NOW + 1 })],
    ]);
    const turn = async (more: object) => {
      const taken = await context.store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 4, eachMax: 2, ...more });
      return taken.map(({ tenant }) => tenant).sort();
    };
    assert.deepEqual(await turn({ after: c, max: 3 }), [a, d, d]);
    assert.deepEqual(await turn({ after: a }), [a, a, c]);
    assert.deepEqual(await turn({ busy: [a] }), []);
  }),

  alone('deliveryClaim gives the lanes of a tenant their turns, and leaves busy ones out', async (context) => {
    const lanes = async (more: object) => {
      const claimed = await context.store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 9, ...more });
      return claimed.map(({ lane }) => lane);
    };
    const [slow, quick] = [3, 63];
    await addLanes(context, [slow, slow, slow, slow, slow, quick]);
    assert.deepEqual((await lanes({ laneMax: 1 })).toSorted(), [slow, quick]);
    await addLanes(context, [quick]);
    assert.deepEqual(await lanes({ max: 1, firstLane: slow }), [slow]);
    assert.deepEqual(await lanes({ max: 1, firstLane: slow + 1 }), [quick]);
    await addLanes(context, [quick]);
    const busyLanes = [{ tenant: context.tenant, lane: quick }];
    assert.deepEqual(await lanes({ busyLanes, firstLane: quick }), [slow, slow, slow]);
    assert.deepEqual(await lanes({}), [quick]);
  }),

  alone(
    'deliveryClaim hands out the oldest of each endpoint and job, the next when that one is settled',
    async (context) => {
      const [one, two] = [uuidv7(), uuidv7()];
      const of = (jobId: string, endpointId: string | null, revision: number) =>
        newDelivery(context, { jobId, endpointId, revision });
      await add(context.store, [of(one, null, 1), of(one, 'e', 1), of(one, null, 2), of(two, 'e', 1), of(one, 'e', 2)]);
      await add(context.store, [
        of(two, 'e', 2),
        of(one, null, 3),
        newDelivery(context, { jobId: null, endpointId: 'e', revision: 0 }),
      ]);
      const rounds: string[][] = [];
      for (let claimed = await claim(context); claimed.length > 0; claimed = await claim(context)) {
        rounds.push(
          claimed.map(({ jobId, endpointId, revision }) => `${nameOf(jobId, one)} ${endpointId} ${revision}`),
        );
        assert.deepEqual(await claim(context), []);
        for (const delivery of claimed) assert.equal(await settle(context, delivery), true);
      }
      assert.deepEqual(rounds, [
        ['one null 1', 'one e 1', 'two e 1', 'test e 0'],
        ['one null 2', 'one e 2', 'two e 2'],
        ['one null 3'],
      ]);
    },
  ),

  alone(
    'deliveryClaim keeps later ones back while an earlier one is tried again, and no other job',
    async (context) => {
      const [one, two] = [uuidv7(), uuidv7()];
      const of = (jobId: string, revision: number) => newDelivery(context, { jobId, revision });
      await add(context.store, [of(one, 1), of(one, 2), of(two, 1)]);
      const [held, other] = await claim(context);
      assert.ok(held !== undefined && other?.jobId === two);
      await retry(context, held, NOW + 500);
      assert.deepEqual(await claim(context, NOW + 499), []);
      const again = first(await claim(context, NOW + 500));
      assert.deepEqual([again.number, again.revision, again.attempt], [held.number, 1, 2]);
      await settle(context, again);
      assert.equal(first(await claim(context, NOW + 500)).revision, 2);
    },
  ),

  alone('deliveryClaim hands out none before it is due', async (context) => {
    await add(context.store, [newDelivery(context, { dueAt: NOW + 5 })]);
    assert.deepEqual(await claim(context, NOW + 4), []);
    assert.equal((await claim(context, NOW + 5)).length, 1);
  }),

  alone('deliveryClaim hands a delivery out again when the lease of its holder is over', async (context) => {
    await add(context.store, [newDelivery(context)]);
    const held = first(await claim(context));
    assert.deepEqual(await claim(context, NOW + LEASE_MS - 1), []);
    const again = first(await claim(context, NOW + LEASE_MS));
    assert.deepEqual([again.number, again.attempt], [held.number, 2]);
    assert.ok(again.fence > held.fence);
    assert.equal(await settle(context, held), false);
    assert.equal(await settle(context, again), true);
    assert.equal(await settle(context, again), false);
    assert.deepEqual(await claim(context, LATER), []);
  }),

  alone(
    'deliverySettle has a delivery tried again at the given time, and tells it when it was tried first',
    async (context) => {
      await add(context.store, [newDelivery(context)]);
      const held = first(await claim(context));
      assert.equal(await retry(context, held, NOW + 500), true);
      assert.equal(await retry(context, held, NOW + 1), false);
      const again = first(await claim(context, NOW + 500));
      assert.deepEqual([again.attempt, again.firstTriedAt], [2, NOW]);
      await retry(context, again, NOW + 900, tryAt(NOW + 600));
      const third = first(await claim(context, NOW + 900));
      assert.deepEqual([third.attempt, third.firstTriedAt], [3, NOW]);
    },
  ),

  alone('deliverySettle takes the attempt back that was not made', async (context) => {
    await add(context.store, [newDelivery(context)]);
    const held = first(await claim(context));
    assert.equal(await retry(context, held, NOW, null), true);
    const again = first(await claim(context));
    assert.deepEqual([again.number, again.attempt, again.firstTriedAt], [held.number, 1, null]);
    assert.ok(again.fence > held.fence);
  }),

  alone('deliverySettle answers in the order of the batch', async (context) => {
    await add(context.store, [newDelivery(context, { jobId: uuidv7() }), newDelivery(context)]);
    const [one, two] = await claim(context);
    assert.ok(one !== undefined && two !== undefined);
    const tried = tryAt(NOW);
    const batch = [
      { number: two.number, fence: two.fence + 1, tried, outcome: KEEP },
      { number: one.number, fence: one.fence, tried, outcome: KEEP },
      { number: 987_654, fence: 1, tried, outcome: { kind: 'retry', at: NOW } as const },
      { number: two.number, fence: two.fence, tried, outcome: { kind: 'retry', at: NOW } as const },
    ];
    assert.deepEqual(await context.store.deliverySettle(batch), [false, true, false, true]);
    assert.deepEqual(await context.store.deliverySettle([]), []);
  }),

  alone('deliveryClaim gives each delivery to one of many claimers when they claim at once', async (context) => {
    const other = (await context.opened.another?.()) ?? context.store;
    await add(
      context.store,
      Array.from({ length: 30 }, () => newDelivery(context, { jobId: uuidv7() })),
    );
    const calls = Array.from({ length: 12 }, (_, index) =>
      claim(index % 2 === 0 ? context : { ...context, store: other }, NOW, 5),
    );
    const numbers = (await Promise.all(calls)).flat().map(({ number }) => number);
    assert.equal(numbers.length, 30);
    assert.equal(new Set(numbers).size, 30);
  }),

  alone('deliveries go on when their job is removed', async (context) => {
    await insertJob(context);
    const { id, revision } = await fail(context.store, await claimOne(context), false);
    await add(context.store, [newDelivery(context, { jobId: id }), newDelivery(context, { jobId: id, revision: 2 })]);
    const held = first(await claim(context));
    await context.store.remove([{ id, revision, now: NOW, goneUntil: LATER }]);
    assert.equal(await settle(context, held), true);
    assert.equal(first(await claim(context)).revision, 2);
  }),

  alone('deliveryClaim hands out what was not settled when the store is opened again', async (context) => {
    await add(context.store, [newDelivery(context)]);
    await claim(context);
    const store = await context.opened.reopen();
    assert.equal((await claim({ ...context, store }, NOW + LEASE_MS)).length, 1);
  }),
];

async function add(store: Store, batch: readonly NewDelivery[]): Promise<void> {
  assert.equal((await store.deliveryAdd(batch)).length, batch.length);
}

function addLanes(context: Context, lanes: readonly number[]): Promise<void> {
  return add(
    context.store,
    lanes.map((lane) => newDelivery(context, { lane, jobId: uuidv7() })),
  );
}

function claim({ store }: Context, now = NOW, max = 10): Promise<readonly Delivery[]> {
  return store.deliveryClaim({ now, leaseMs: LEASE_MS, max });
}

function tryAt(moment: number): DeliveryTry {
  return { at: moment, durationMs: 1, status: 500, error: null, answer: null };
}

async function settle({ store }: Context, { number, fence }: Delivery): Promise<boolean> {
  return first(await store.deliverySettle([{ number, fence, tried: tryAt(NOW), outcome: KEEP }]));
}

async function retry(
  { store }: Context,
  { number, fence }: Delivery,
  when: number,
  tried: DeliveryTry | null = tryAt(NOW),
): Promise<boolean> {
  return first(await store.deliverySettle([{ number, fence, tried, outcome: { kind: 'retry', at: when } }]));
}

function nameOf(jobId: string | null, one: string): string {
  if (jobId === null) return 'test';
  return jobId === one ? 'one' : 'two';
}
