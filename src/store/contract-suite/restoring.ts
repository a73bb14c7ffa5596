/** What was dumped can be written elsewhere as it was, once, and lives on there. */
import assert from 'node:assert/strict';
import { uuidv7 } from 'uuidv7';
import type { Job, JobSpec } from '../../core/job.ts';
import type { StoredKey, StoreRecord, WholeJob } from '../contract.ts';
import {
  at,
  claimedIds,
  claimOne,
  claimSome,
  dumped,
  first,
  idsOf,
  insertJob,
  insertJobs,
  LEASE_MS,
  NOW,
  newDelivery,
  newJob,
  readJob,
  succeed,
  succeedOne,
  take,
  textResult,
  wholeJobsOf,
} from './fixtures.ts';
import { type Dice, populate } from './population.ts';
import { alone, type Context, type Topic } from './suite.ts';

const CALLBACK: Partial<JobSpec> = { callbackUrl: 'http://127.0.0.1:1/hook' };
const SEQUENCE: Partial<JobSpec> = { sequenceKey: 's' };
const LATER = NOW + 1_000_000;

export const restoring: Topic = [
  alone('restore makes a store whose dump is that of the first', async (context) => {
    await populate(context.store, evenDice(), { jobs: 300, largeBytes: 100_000 });
    const target = await moved(context);
    const records = await dumped(context.store);
    assert.deepEqual(await dumped(target.store), records);
    const states = new Set(wholeJobsOf(records).map(({ job }) => job.state));
    assert.equal(states.size, 6, [...states].join(' '));
  }),

  alone('restore gives counts and lists by tag what the jobs say', async (context) => {
    await insertJobs(context, [{ tags: { a: 'b\0', c: 'd' } }, { tags: { a: 'other' } }, {}]);
    const done = await succeedOne(context);
    const { store } = await moved(context);
    const { tenant } = context;
    const counts = await context.store.count({ tenant });
    assert.deepEqual((await store.count({ tenant })).toSorted(byState), counts.toSorted(byState));
    assert.deepEqual(idsOf(await store.list({ tenant, tags: { a: 'b\0', c: 'd' }, limit: 9 })), [done.id]);
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: LATER }]);
    assert.deepEqual(await store.list({ tenant, tags: { c: 'd' }, limit: 9 }), []);
  }),

  alone('restore answers present and changes nothing when all is there', async (context) => {
    await populate(context.store, evenDice(), { jobs: 60, largeBytes: 1_000 });
    const records = await dumped(context.store);
    assert.deepEqual(new Set(await context.store.restore(records)), new Set(['present']));
    assert.deepEqual(await dumped(context.store), records);
  }),

  alone('restore leaves what has gone on since as it is', async (context) => {
    const [job, removed] = await insertJobs(context, [{}, {}]);
    const records = await dumped(context.store);
    await take(context.store, job?.id ?? '', { kind: 'cancel' });
    const gone = await take(context.store, removed?.id ?? '', { kind: 'cancel' });
    await context.store.remove([{ id: gone.id, revision: gone.revision, now: NOW, goneUntil: LATER }]);
    assert.deepEqual(await context.store.restore(records), ['present', 'present', 'present']);
    assert.equal((await readJob(context.store, job?.id ?? '')).state, 'cancelled');
    assert.equal(first(await context.store.read([{ id: gone.id }])).kind, 'gone');
  }),

  alone('restore writes the rest when a part is there', async (context) => {
    const jobs = await insertJobs(context, [{}, SEQUENCE, {}]);
    const records = await dumped(context.store);
    const store = await context.openEmpty();
    await store.restore(records.slice(0, 2));
    assert.deepEqual(await store.restore(records), ['present', 'present', 'written', 'written']);
    assert.deepEqual(await dumped(store), records);
    assert.equal(jobs.length, 3);
  }),

  alone('restore answers conflict when id, number or idempotency key of a job are taken', async (context) => {
    const { store } = context;
    const keyed = await insertJob(context, { idempotencyKey: 'k', requestHash: 'h' });
    const removed = await take(store, (await insertJob(context)).id, { kind: 'cancel' });
    await store.remove([{ id: removed.id, revision: removed.revision, now: NOW, goneUntil: LATER }]);
    const before = await dumped(store);
    const free = { ...keyed, idempotencyKey: null };
    const jobs: readonly Job[] = [
      { ...free, number: 77 },
      { ...free, id: uuidv7() },
      { ...keyed, id: uuidv7(), number: 78 },
      { ...free, id: removed.id, number: 79 },
      { ...free, id: uuidv7(), number: removed.number },
      // What is there is older: an import would lose what has happened since.
      { ...keyed, revision: keyed.revision + 1 },
    ];
    assert.deepEqual(
      await store.restore(jobs.map((job) => recordOf(job))),
      jobs.map(() => 'conflict'),
    );
    assert.deepEqual((await dumped(store)).slice(1), before.slice(1));
    assert.deepEqual(await store.restore([recordOf({ ...free, id: uuidv7(), number: 80 })]), ['written']);
  }),

  alone('restore answers conflict for a job that no transition can make, and writes the others', async (context) => {
    const { store } = context;
    const waiting = await insertJob(context);
    const made = (over: Partial<Job>, number: number) => recordOf({ ...waiting, id: uuidv7(), number, ...over });
    const held = { state: 'running', leaseUntil: NOW, worker: 'w' } as const;
    const result = { contentType: 'x/y', bytes: 1 };
    const jobs = [
      made({ worker: 'w' }, 50),
      made({ leaseUntil: NOW }, 51),
      made({ cancelRequestedAt: NOW }, 52),
      made({ finishedAt: NOW }, 53),
      made({ result }, 54),
      made({ state: 'running' }, 55),
      made({ ...held, finishedAt: NOW }, 56),
      made({ ...held, result }, 57),
      made({ state: 'failed' }, 58),
      made({ state: 'failed', finishedAt: NOW, leaseUntil: NOW }, 60),
    ];
    const whole = [made(held, 70), made({ state: 'failed', finishedAt: NOW, cancelRequestedAt: NOW }, 71)];
    const outcomes = await store.restore([...jobs, ...whole]);
    assert.deepEqual(outcomes, [...jobs.map(() => 'conflict'), 'written', 'written']);
    const stored = wholeJobsOf(await dumped(store)).map(({ job }) => job);
    assert.deepEqual(stored, [waiting, ...whole.map(({ job }) => job)]);
  }),

  alone(
    'restore answers conflict when a key, document or tombstone has something else in its place',
    async (context) => {
      const { store, tenant } = context;
      const job = await insertJob(context);
      const key = keyOf(tenant);
      await store.keyInsert(key);
      const ref = { tenant, kind: 'k', name: 'n' };
      const { document } = await store.documentWrite({ ...ref, data: 1, expectRevision: null, now: NOW });
      assert.ok(document !== null);
      const grave = { id: uuidv7(), number: 50, tenant, goneAt: NOW, goneUntil: LATER };
      assert.deepEqual(await store.restore([{ kind: 'tombstone', tombstone: grave }]), ['written']);
      const records: readonly StoreRecord[] = [
        { kind: 'key', key: { ...key, hash: 'other' } },
        { kind: 'key', key: { ...key, revokedAt: NOW } },
        { kind: 'document', document: { ...document, createdAt: NOW + 1 } },
        { kind: 'document', document: { ...document, revision: 2 } },
        { kind: 'tombstone', tombstone: { ...grave, id: job.id } },
        { kind: 'tombstone', tombstone: { ...grave, id: uuidv7(), number: job.number } },
        { kind: 'tombstone', tombstone: { ...grave, number: 51 } },
      ];
      assert.deepEqual(
        await store.restore(records),
        records.map(() => 'conflict'),
      );
      assert.deepEqual(await store.keyRead('k'), key);
      assert.deepEqual(await store.documentRead(ref), document);
    },
  ),

  alone('restore writes a record once when a batch has it twice', async (context) => {
    const { tenant } = context;
    await insertJob(context, CALLBACK);
    await context.store.deliveryAdd([newDelivery(context)]);
    const [, delivery, event, job] = await dumped(context.store);
    const key = { kind: 'key', key: keyOf(tenant) } as const;
    assert.ok(delivery !== undefined && event !== undefined && job !== undefined);
    const four = [key, delivery, event, job];
    const store = await context.openEmpty();
    assert.deepEqual(await store.restore([...four, ...four]), [
      ...Array(4).fill('written'),
      ...Array(4).fill('present'),
    ]);
    assert.deepEqual(await store.restore([]), []);
  }),

  alone('restore writes the first of two jobs with one number, and answers conflict to the second', async (context) => {
    const job = await insertJob(context);
    const store = await context.openEmpty();
    const twins = [recordOf(job), recordOf({ ...job, id: uuidv7() })];
    assert.deepEqual(await store.restore(twins), ['written', 'conflict']);
    assert.deepEqual(wholeJobsOf(await dumped(store)), twins.slice(0, 1));
  }),

  alone('restore announces nothing, and events and deliveries go on where they were', async (context) => {
    const { store, tenant } = context;
    await insertJob(context, CALLBACK);
    const first3 = [1, 2, 3].map((revision) => newDelivery(context, { revision, endpointId: 'e' }));
    const other = newDelivery({ tenant: `${tenant}-other` }, { dueAt: NOW + 9 });
    const mark = (await store.fanOutRead({ limit: 9 })).events.at(-1)?.position ?? 0;
    await store.fanOutWrite({ from: 0, to: mark, deliveries: [...first3, other] });
    const running = await claimOne(context);
    await store.follow({ tenant, name: 'n', wants: ['waiting'], until: null, now: NOW });
    const removed = await take(store, (await insertJob(context)).id, { kind: 'cancel' });
    await store.remove([{ id: removed.id, revision: removed.revision, now: NOW, goneUntil: LATER }]);
    await succeed(store, running, NOW + 1);
    const held = first(await store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 9 }));
    const tried = { at: NOW, durationMs: 1, status: null, error: 'refused', answer: null };
    await store.deliverySettle([
      { number: held.number, fence: held.fence, tried, outcome: { kind: 'retry', at: NOW + 7 } },
    ]);
    const left = await store.fanOutRead({ limit: 9 });
    assert.equal(left.events.length, 3);

    const target = (await moved(context)).store;
    assert.deepEqual(await target.fanOutRead({ limit: 9 }), left);
    const { newest, prunedTo } = await target.eventRead({ tenant, after: 0, limit: 9 });
    assert.deepEqual([newest, prunedTo], [left.events.at(-1)?.position, mark]);
    assert.deepEqual(await target.deliveryClaim({ now: NOW + 6, leaseMs: 1, max: 9 }), []);
    const again = first(await target.deliveryClaim({ now: NOW + 7, leaseMs: LEASE_MS, max: 9 }));
    assert.ok(again.fence > held.fence);
    assert.deepEqual(again, { ...held, number: again.number, fence: again.fence, attempt: 2, firstTriedAt: NOW });
    assert.deepEqual(first(await target.deliveryList({ tenant, limit: 9, states: ['pending'] })).revision, 3);
    assert.deepEqual((await target.deliveryRead({ tenant, number: again.number }))?.tries, [tried]);
    assert.equal((await target.deliveryClaim({ now: LATER, leaseMs: 1, max: 9 })).length, 2);
    await insertJob({ ...context, store: target }, CALLBACK);
    const { events } = await target.eventRead({ tenant, after: newest, limit: 9 });
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['waiting'],
    );
  }),

  alone(
    'restore brings no event back that was fanned out since, and no delivery that is there or was settled',
    async (context) => {
      const { store, tenant } = context;
      await insertJob(context, CALLBACK);
      await store.deliveryAdd([1, 2].map((revision) => newDelivery(context, { revision })));
      const records = await dumped(store);
      assert.deepEqual(
        records.map(({ kind }) => kind),
        ['counter', 'delivery', 'delivery', 'event', 'job'],
      );
      const { number, fence } = first(await store.deliveryClaim({ now: NOW, leaseMs: 1, max: 1 }));
      const outcome = { kind: 'delivered', keepUntil: LATER } as const;
      await store.deliverySettle([{ number, fence, tried: null, outcome }]);
      assert.deepEqual(await store.restore(records), Array(5).fill('present'));
      const { from, events } = await store.fanOutRead({ limit: 9 });
      await store.fanOutWrite({ from, to: first(events).position, deliveries: [] });
      assert.deepEqual(await store.restore(records), Array(5).fill('present'));
      assert.equal(await store.deliveryPending({ tenant, endpointId: 'e' }), 0);
      const pending = await store.deliveryList({ tenant, limit: 9, states: ['pending'] });
      assert.deepEqual(
        pending.map(({ revision }) => revision),
        [2],
      );
      assert.deepEqual((await store.fanOutRead({ limit: 9 })).events, []);
    },
  ),

  alone('restore of a counter lets events of a store in use go on', async (context) => {
    const { store, tenant } = context;
    await insertJob(context, CALLBACK);
    assert.deepEqual(await store.restore([{ kind: 'counter', number: 0, position: 100 }]), ['written']);
    await insertJob(context, CALLBACK);
    const { events, prunedTo } = await store.eventRead({ tenant, after: 0, limit: 9 });
    assert.equal(events.length, 2);
    assert.ok((events[1]?.position ?? 0) > 100);
    assert.equal(prunedTo, 100);
    assert.deepEqual((await store.fanOutRead({ limit: 9 })).events, events);
  }),

  alone('restore keeps the order of sequences and of claims', async (context) => {
    const jobs = await insertJobs(context, [SEQUENCE, SEQUENCE, { priority: 5 }, { runAt: NOW - 9 }, {}]);
    const target = await moved(context);
    const claimed = await claimSome(target, 9);
    assert.deepEqual(
      claimedIds(claimed),
      [2, 3, 0, 4].map((index) => at(jobs, index).id),
    );
    await succeed(target.store, at(claimed, 2).job);
    assert.deepEqual(claimedIds(await claimSome(target, 9)), [at(jobs, 1).id]);
  }),

  alone('restore puts a sequence ahead of jobs of the same key that are there', async (context) => {
    const jobs = await insertJobs(context, [SEQUENCE, SEQUENCE, SEQUENCE]);
    const records = await dumped(context.store);
    const target = { ...context, store: await context.openEmpty() };
    await target.store.restore([{ kind: 'counter', number: 10, position: 0 }]);
    const later = await insertJob(target, SEQUENCE);
    // The last one alone at first, as the next batch of an import would bring the others.
    await target.store.restore(records.slice(3));
    await target.store.restore(records.slice(0, 3));
    const ran: string[] = [];
    for (const _ of [...jobs, later]) {
      const claimed = await claimSome(target, 9);
      ran.push(...claimedIds(claimed));
      await succeed(target.store, first(claimed).job);
    }
    assert.deepEqual(ran, [...idsOf(jobs), later.id]);
  }),

  alone('restore keeps leases: their workers go on, and lose them when they run out', async (context) => {
    await insertJobs(context, [SEQUENCE, {}, SEQUENCE]);
    const [held, left] = await claimSome(context, 2);
    assert.ok(held !== undefined && left !== undefined);
    const target = await moved(context);
    assert.deepEqual(await claimSome(target, 9), []);
    await succeed(target.store, held.job, NOW + 1);
    assert.deepEqual((await target.store.sweep({ now: NOW + LEASE_MS - 1, limit: 9 })).lost, []);
    const { lost } = await target.store.sweep({ now: NOW + LEASE_MS, limit: 9 });
    assert.deepEqual(lost, [left.job]);
    await take(target.store, left.job.id, { kind: 'lose', fence: left.job.fence, random: 0 }, NOW + LEASE_MS);
    assert.equal((await claimSome(target, 9, { now: LATER })).length, 2);
  }),

  alone('restore raises the counter, which never goes down', async (context) => {
    const { store } = context;
    assert.deepEqual(await store.restore([{ kind: 'counter', number: 1_000, position: 0 }]), ['written']);
    assert.deepEqual(await store.restore([{ kind: 'counter', number: 999, position: 0 }]), ['present']);
    assert.equal((await insertJob(context)).number, 1_001);
    const grave = { id: uuidv7(), number: 2_000, tenant: context.tenant, goneAt: NOW, goneUntil: LATER };
    await store.restore([{ kind: 'tombstone', tombstone: grave }]);
    assert.equal((await insertJob(context)).number, 2_001);
    const job = { ...(await insertJob(context)), id: uuidv7(), number: 3_000 };
    await store.restore([recordOf(job)]);
    assert.equal((await insertJob(context)).number, 3_001);
  }),

  alone('restore raises the counter so that no number is given out twice beside it', async (context) => {
    const other = (await context.opened.another?.()) ?? context.store;
    const batches = Array.from({ length: 24 }, () => Array.from({ length: 5 }, () => newJob(context)));
    const inserts = batches.map((batch, index) => (index % 2 === 0 ? other : context.store).insert(batch));
    const raises = [20, 40, 60, 80].map((number) => context.store.restore([{ kind: 'counter', number, position: 0 }]));
    const outcomes = (await Promise.all(inserts)).flat();
    await Promise.all(raises);
    const numbers = outcomes.map((outcome) => (outcome.kind === 'created' ? outcome.number : 0));
    assert.equal(new Set(numbers).size, 120);
    assert.ok((await insertJob(context)).number > Math.max(80, ...numbers));
  }),

  alone('restore keeps idempotency keys, tombstones and API keys in force', async (context) => {
    const { tenant } = context;
    const keyed = newJob(context, { idempotencyKey: 'k', requestHash: 'h' });
    await context.store.insert([keyed]);
    const removed = await take(context.store, (await insertJob(context)).id, { kind: 'cancel' });
    await context.store.remove([{ id: removed.id, revision: removed.revision, now: NOW, goneUntil: LATER }]);
    await context.store.keyInsert(keyOf(tenant));
    const target = await moved(context);
    const replay = first(await target.store.insert([newJob(context, { idempotencyKey: 'k', requestHash: 'h' })]));
    assert.deepEqual(replay, { kind: 'existing', job: await readJob(context.store, keyed.spec.id) });
    const gone = { kind: 'gone', tenant, goneAt: NOW, goneUntil: LATER };
    assert.deepEqual(await target.store.read([{ id: removed.id }, { number: removed.number }]), [gone, gone]);
    assert.deepEqual(await target.store.keyRead('k'), keyOf(tenant));
  }),

  alone('restore keeps results and inputs, which go on with their job', async (context) => {
    const item = newJob(context, {}, '{ "a":  "\\ud800\\u0000" }');
    await context.store.insert([item]);
    const result = { contentType: 'x/y', bytes: Uint8Array.from([0, 255, 13, 10]) };
    const done = await succeedOne(context, NOW, result);
    const { store } = await moved(context);
    assert.deepEqual(await store.readInput([{ id: done.id }]), [item.input]);
    assert.deepEqual(await store.readResult([{ id: done.id }]), [result]);
    assert.deepEqual(await store.readResult([{ id: done.id }]), [result]);
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: LATER }]);
    assert.deepEqual(await store.readResult([{ id: done.id }]), [null]);
  }),

  alone('restore takes results as views of larger buffers', async (context) => {
    await insertJob(context);
    await succeedOne(context, NOW, textResult('42'));
    const [counter, record] = await dumped(context.store);
    assert.ok(counter !== undefined && record?.kind === 'job');
    const bytes = new TextEncoder().encode('x42x').subarray(1, 3);
    const store = await context.openEmpty();
    await store.restore([{ ...record, result: { contentType: 'application/json', bytes } }]);
    assert.deepEqual(await store.readResult([{ id: record.job.id }]), [textResult('42')]);
  }),
];

/** The context over another store, into which everything was moved. */
async function moved(context: Context): Promise<Context> {
  const store = await context.openEmpty();
  for await (const batch of context.store.dump()) {
    const outcomes = await store.restore(batch);
    // A counter of 0 is there already.
    assert.ok(outcomes.every((outcome, index) => outcome === 'written' || at(batch, index).kind === 'counter'));
  }
  return { ...context, store };
}

function recordOf(job: Job): { readonly kind: 'job' } & WholeJob {
  return { kind: 'job', job, input: '{}', result: null, logs: [] };
}

function keyOf(tenant: string): StoredKey {
  return {
    id: 'k',
    tenant,
    name: 'n',
    scopes: ['submit', 'read'],
    hash: 'h',
    createdAt: NOW,
    revokedAt: null,
    expiresAt: NOW + 9,
  };
}

function byState(a: { readonly state: string }, b: { readonly state: string }): number {
  return a.state < b.state ? -1 : 1;
}

/** The same numbers every time: the suite is no lottery. */
function evenDice(): Dice {
  let state = 1;
  return {
    between(min, max) {
      // A linear congruence modulo 2^31 - 1: exact in doubles, and its high digits are mixed well enough to fill a store.
      state = (state * 48_271) % 2_147_483_647;
      return min + Math.floor((state / 2_147_483_647) * (max - min + 1));
    },
  };
}
