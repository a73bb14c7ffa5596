/** Limits per key: who of a key may be claimed. How tickets are shared out is tested with `core/limit-tickets.ts`. */
import assert from 'node:assert/strict';
import type { KeyLimit } from '../../core/limit-spec.ts';
import {
  at,
  claimedIds,
  claimOne,
  claimSome,
  dumped,
  fail,
  first,
  idsOf,
  insertJob,
  insertJobs,
  NOW,
  readJob,
  succeed,
  take,
} from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

function under(limit: KeyLimit) {
  return { terms: { limit } };
}

const KEY = 'customer-42';
const TWO = under({ key: KEY, concurrency: 2 });
const ONE = under({ key: KEY, concurrency: 1 });

async function settle({ store }: Context, now: number): Promise<readonly string[]> {
  return (await store.limitSettle({ now, limit: 1_000 })).types;
}

function ref({ tenant }: Context) {
  return { tenant, key: KEY };
}

export const limits: Topic = [
  test('claim takes no more jobs of a key than its concurrency, and the next as each ends', async (context) => {
    const jobs = await insertJobs(
      context,
      Array.from({ length: 5 }, () => TWO),
    );
    const ran: string[] = [];
    let claimed = await claimSome(context, 10);
    assert.deepEqual(claimedIds(claimed), idsOf(jobs).slice(0, 2));
    while (claimed.length > 0) {
      const { job } = first(claimed);
      ran.push(job.id);
      await succeed(context.store, job);
      claimed = [...claimed.slice(1), ...(await claimSome(context, 10))];
      assert.ok(claimed.length <= 2);
    }
    assert.deepEqual(ran, idsOf(jobs));
  }),

  test('jobs behind a full key keep nobody else waiting, nor jobs of the same key and another tenant', async (context) => {
    await insertJobs(
      context,
      Array.from({ length: 20 }, () => ONE),
    );
    const [other, foreign] = await insertJobs(context, [
      under({ key: 'other', concurrency: 1 }),
      { ...ONE, tenant: `${context.tenant}-other` },
    ]);
    const plain = await insertJob(context);
    const claimed = claimedIds(await claimSome(context, 30));
    assert.equal(claimed.length, 4);
    for (const job of [other, foreign, plain]) assert.ok(claimed.includes(job?.id ?? ''));
  }),

  test('the best of a key goes first: by priority, then by when it was due', async (context) => {
    const jobs = await insertJobs(context, [ONE, ONE, { ...ONE, priority: 5 }, { ...ONE, runAt: NOW - 10 }]);
    const order: string[] = [];
    for (const _ of jobs) {
      const job = await claimOne(context);
      order.push(job.id);
      await succeed(context.store, job);
    }
    assert.deepEqual(order, [at(jobs, 2).id, at(jobs, 3).id, at(jobs, 0).id, at(jobs, 1).id]);
  }),

  test('blocksRead says what keeps jobs from being claimed, and nothing of those that do not wait', async (context) => {
    const { store } = context;
    const [running, full, behind] = await insertJobs(context, [
      { ...ONE, sequenceKey: 's' },
      ONE,
      { ...ONE, sequenceKey: 's' },
    ]);
    const free = await insertJob(context);
    await claimOne(context);
    const jobs = [running, full, behind, free].map((job) => job ?? assert.fail());
    const said = async () => {
      const read = await store.blocksRead(jobs);
      return jobs.map(({ number }) => {
        const { number: _, ...blocks } = read.find((one) => one.number === number) ?? { number };
        return blocks;
      });
    };
    const open = { closedUntil: null };
    assert.deepEqual(await said(), [
      {},
      { bySequence: false, byLimit: true, ...open },
      { bySequence: true, byLimit: true, ...open },
      { bySequence: false, byLimit: false, ...open },
    ]);
    const closedUntil = NOW + 60_000;
    await store.limitWrite({ ...ref(context), closedUntil, now: NOW, keysMax: 100 });
    assert.deepEqual((await said())[1], { bySequence: false, byLimit: true, closedUntil });
    assert.deepEqual(await store.blocksRead([]), []);
  }),

  alone('a job that is put off holds no ticket, and gets one when it is due', async (context) => {
    const [ahead, later] = await insertJobs(context, [
      { ...ONE, runAt: NOW + 1_000 },
      { ...ONE, runAt: NOW + 2_000 },
    ]);
    const due = await insertJob(context, ONE);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [due.id]);
    await succeed(context.store, await readJob(context.store, due.id));
    assert.deepEqual(claimedIds(await claimSome(context, 10, { now: NOW + 3_000 })), []);
    assert.deepEqual(await settle(context, NOW + 1_000), [context.type]);
    assert.deepEqual(claimedIds(await claimSome(context, 10, { now: NOW + 3_000 })), [ahead?.id]);
    await succeed(context.store, await readJob(context.store, ahead?.id ?? ''), NOW + 3_000);
    assert.deepEqual(claimedIds(await claimSome(context, 10, { now: NOW + 3_000 })), [later?.id]);
  }),

  alone(
    'a job that fails, is released or is cancelled makes room; one that is retried waits in line again',
    async (context) => {
      const [one, two, three, four] = await insertJobs(context, [ONE, ONE, ONE, ONE]);
      await fail(context.store, await claimOne(context), true);
      const second = await claimOne(context);
      assert.equal(second.id, two?.id);
      await fail(context.store, second, false);
      const third = await claimOne(context);
      assert.equal(third.id, three?.id);
      await take(context.store, four?.id ?? '', { kind: 'cancel' });
      await take(context.store, two?.id ?? '', { kind: 'retry' });
      assert.deepEqual(await claimSome(context, 10), []);
      await take(context.store, third.id, { kind: 'release', fence: third.fence });
      const again = await claimOne(context);
      assert.ok([two?.id, three?.id].includes(again.id));
      await succeed(context.store, again);
      const last = await claimOne(context);
      await succeed(context.store, last);
      await settle(context, NOW + 5_000);
      assert.deepEqual(claimedIds(await claimSome(context, 10, { now: NOW + 5_000 })), [one?.id]);
    },
  ),

  test('a key that only jobs name is forgotten with the last of them, and known again when one is retried', async (context) => {
    const job = await insertJob(context, ONE);
    const { store } = context;
    const there = await store.limitRead(ref(context));
    assert.deepEqual(there, {
      ...ref(context),
      bounds: { concurrency: 1, rate: null },
      isKept: false,
      closedUntil: null,
      running: 0,
      waiting: 1,
    });
    await fail(store, await claimOne(context), false);
    assert.equal(await store.limitRead(ref(context)), null);
    await take(store, job.id, { kind: 'retry' });
    assert.equal((await store.limitRead(ref(context)))?.bounds.concurrency, 1);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [job.id]);
  }),

  test('the newest that says how much may run has the say, a job that says nothing changes nothing', async (context) => {
    await insertJobs(context, [ONE, ONE, ONE, ONE]);
    assert.equal((await claimSome(context, 10)).length, 1);
    await insertJob(context, under({ key: KEY }));
    assert.equal((await claimSome(context, 10)).length, 0);
    await insertJob(context, under({ key: KEY, concurrency: 3 }));
    assert.equal((await claimSome(context, 10)).length, 2);
  }),

  test('what a call sets stands above what jobs say, until the call is taken back', async (context) => {
    const { store } = context;
    const write = { ...ref(context), now: NOW, keysMax: 100 };
    assert.deepEqual(await store.limitWrite({ ...write, bounds: { concurrency: 2, rate: null } }), {
      ...{ kind: 'written', types: [] },
    });
    await insertJobs(context, [ONE, ONE, ONE]);
    assert.equal((await claimSome(context, 10)).length, 2);
    assert.equal((await store.limitRead(ref(context)))?.isKept, true);
    await store.limitWrite({ ...write, bounds: null });
    const row = await store.limitRead(ref(context));
    assert.deepEqual([row?.isKept, row?.bounds.concurrency], [false, 1]);
    assert.deepEqual(await store.limitWrite({ ...write, key: 'none', bounds: null }), { kind: 'missing' });
    assert.deepEqual(await store.limitWrite({ ...write, key: 'new', closedUntil: NOW + 1, keysMax: 1 }), {
      kind: 'full',
    });
  }),

  test('what a call set is taken back while jobs of the key only run: what they say holds for the next ones', async (context) => {
    const { store } = context;
    await insertJob(context, under({ key: KEY, concurrency: 2, rate: { count: 5, perMs: 1_000 } }));
    const running = await claimOne(context);
    const write = { ...ref(context), now: NOW, keysMax: 10 };
    await store.limitWrite({ ...write, bounds: { concurrency: 9, rate: null } });
    await store.limitWrite({ ...write, bounds: null });
    const row = await store.limitRead(ref(context));
    assert.deepEqual(
      [row?.isKept, row?.running, row?.bounds],
      [false, 1, { concurrency: 2, rate: { count: 5, perMs: 1_000 } }],
    );
    await insertJobs(context, [under({ key: KEY }), under({ key: KEY })]);
    assert.equal((await claimSome(context, 10)).length, 1);
    await succeed(store, running);
    assert.equal((await claimSome(context, 10)).length, 1);
  }),

  test('of new keys that are written at once no more come in than there is room for', async (context) => {
    const { store, opened } = context;
    const other = opened.another === undefined ? store : await opened.another();
    const write = { ...ref(context), now: NOW, closedUntil: NOW + 1_000, keysMax: 5 };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? store : other).limitWrite({ ...write, key: `k${at}` })),
    );
    assert.equal(outcomes.filter(({ kind }) => kind === 'written').length, 5);
    assert.equal((await store.limitList({ tenant: context.tenant, limit: 100 })).length, 5);
  }),

  test('of closes that come at once the latest end stays, where a later one is to stay', async (context) => {
    const { store, opened } = context;
    const other = opened.another === undefined ? store : await opened.another();
    const write = { ...ref(context), now: NOW, keysMax: 100, keepsLonger: true };
    await store.limitWrite({ ...write, closedUntil: NOW + 1 });
    const ends = [7, 20, 3, 19, 11, 2, 18, 5];
    await Promise.all(
      ends.map((end, at) => (at % 2 === 0 ? store : other).limitWrite({ ...write, closedUntil: NOW + end })),
    );
    assert.equal((await store.limitRead(ref(context)))?.closedUntil, NOW + 20);
    await store.limitWrite({ ...write, closedUntil: NOW + 4, keepsLonger: false });
    assert.equal((await store.limitRead(ref(context)))?.closedUntil, NOW + 4);
  }),

  test('what a call lets start is told by its types, and the newest job has the say where nobody keeps a key', async (context) => {
    const { store, type } = context;
    const write = { ...ref(context), now: NOW, keysMax: 100 };
    await store.limitWrite({ ...write, bounds: { concurrency: 1, rate: null } });
    for (const concurrency of [1, 2, 3, 4])
      await insertJob(context, { priority: concurrency, ...under({ key: KEY, concurrency }) });
    assert.equal((await claimSome(context, 10)).length, 1);
    const two = await store.limitWrite({ ...write, bounds: { concurrency: 2, rate: null } });
    assert.deepEqual(two, { kind: 'written', types: [type] });
    await store.limitWrite({ ...write, bounds: null });
    assert.equal((await store.limitRead(ref(context)))?.bounds.concurrency, 4);
  }),

  test('a call lands however many jobs come in the same moment, and changes nothing but what it says', async (context) => {
    const { store } = context;
    const keys = Array.from({ length: 10 }, (_, index) => ({ tenant: context.tenant, key: `busy-${index}` }));
    for (const key of keys) {
      const come = () => insertJob(context, under({ key: key.key, concurrency: 1 }));
      const write = { ...key, now: NOW, keysMax: 100 };
      await Promise.all([
        ...Array.from({ length: 30 }, come),
        store.limitWrite({ ...write, bounds: { concurrency: 7, rate: null } }),
        store.limitWrite({ ...write, closedUntil: NOW + 60_000 }),
        ...Array.from({ length: 30 }, come),
      ]);
      const row = await store.limitRead(key);
      assert.deepEqual([row?.bounds.concurrency, row?.isKept, row?.closedUntil], [7, true, NOW + 60_000]);
    }
  }),

  alone(
    'a closed key hands out nothing, takes back what nobody has claimed, and opens by itself or by a call',
    async (context) => {
      const { store } = context;
      const write = { ...ref(context), now: NOW, keysMax: 100 };
      const [job] = await insertJobs(context, [TWO, TWO, TWO]);
      await store.limitWrite({ ...write, closedUntil: NOW + 60_000 });
      assert.equal((await store.limitRead(ref(context)))?.closedUntil, NOW + 60_000);
      assert.deepEqual(await claimSome(context, 10), []);
      await store.limitWrite({ ...write, closedUntil: null });
      assert.deepEqual(claimedIds(await claimSome(context, 1)), [job?.id]);
      await store.limitWrite({ ...write, closedUntil: NOW + 60_000 });
      assert.deepEqual(await claimSome(context, 10), []);
      await settle(context, NOW + 59_999);
      assert.deepEqual(await claimSome(context, 10), []);
      assert.deepEqual(await settle(context, NOW + 60_000), [context.type]);
      assert.equal((await claimSome(context, 10)).length, 1);
    },
  ),

  alone('a rate lets no more start in any stretch of its time', async (context) => {
    const rate = { count: 2, perMs: 1_000 };
    await insertJobs(
      context,
      Array.from({ length: 6 }, () => under({ key: KEY, rate })),
    );
    const started: number[] = [];
    for (let now = NOW; started.length < 6 && now < NOW + 10_000; now += 10) {
      await settle(context, now);
      for (const { job } of await claimSome(context, 10, { now })) {
        started.push(now);
        await succeed(context.store, job, now);
      }
    }
    assert.equal(started.length, 6);
    for (const [index, start] of started.entries()) assert.ok((started[index + 2] ?? Infinity) - start >= rate.perMs);
    assert.ok(at(started, 5) - NOW < 2_500, `took ${at(started, 5) - NOW} ms`);
  }),

  alone('a start counts from when it was seen, however late its settlement comes', async (context) => {
    const { store } = context;
    const rate = { count: 2, perMs: 60_000 };
    const asked = Date.now();
    const due = { runAt: asked - 5_000, createdAt: asked - 5_000 };
    await insertJobs(
      context,
      [0, 1, 2].map(() => ({ ...under({ key: KEY, rate }), ...due })),
    );
    const job = await claimOne(context, asked);
    // As if it had waited five seconds for its batch.
    await succeed(store, job, asked - 5_000);
    const record = (await dumped(store)).find(({ kind }) => kind === 'limit');
    assert.ok(record?.kind === 'limit' && (record.limit.starts[0]?.[0] ?? 0) >= asked, JSON.stringify(record));
  }),

  alone('tickets of a type that nobody claims go to the others of the key', async (context) => {
    await insertJobs(
      context,
      Array.from({ length: 3 }, () => ({ ...ONE, type: `${context.type}-dead` })),
    );
    const [job] = await insertJobs(context, [ONE, ONE]);
    assert.deepEqual(await claimSome(context, 10), []);
    await settle(context, NOW + 11_000);
    assert.deepEqual(claimedIds(await claimSome(context, 10, { now: NOW + 11_000 })), [job?.id]);
  }),

  test('a job that has to wait for its sequence holds no ticket', async (context) => {
    const limited = { ...ONE, sequenceKey: 's' };
    const [head, next] = await insertJobs(context, [{ sequenceKey: 's' }, limited, limited]);
    const other = await insertJob(context, ONE);
    const claimed = await claimSome(context, 10);
    assert.deepEqual(claimedIds(claimed), [head?.id, other.id]);
    await succeed(context.store, first(claimed).job);
    assert.deepEqual(await claimSome(context, 10), []);
    await succeed(context.store, await readJob(context.store, other.id));
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [next?.id]);
  }),

  test('a job that its sequence lets go is given a ticket at once', async (context) => {
    const [head, next] = await insertJobs(context, [{ sequenceKey: 's' }, { ...ONE, sequenceKey: 's' }]);
    await succeed(context.store, await claimOne(context));
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [next?.id]);
    assert.notEqual(head?.id, next?.id);
  }),

  test('a hundred keys in one batch each have their own room', async (context) => {
    const overs = Array.from({ length: 300 }, (_, index) => under({ key: `k${index % 100}`, concurrency: 2 }));
    await insertJobs(context, overs);
    assert.equal((await claimSome(context, 500)).length, 200);
    const listed = await context.store.limitList({ tenant: context.tenant, limit: 1_000 });
    assert.equal(listed.length, 100);
    assert.ok(listed.every(({ running, waiting }) => running === 2 && waiting === 1));
    const page = await context.store.limitList({ tenant: context.tenant, after: 'k98', limit: 5 });
    assert.deepEqual(
      page.map(({ key }) => key),
      ['k99'],
    );
  }),
];
