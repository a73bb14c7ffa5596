/** A dump has everything that the store holds, as of one moment, in batches that a process can hold. */
import assert from 'node:assert/strict';
import type { StoreRecord } from '../contract.ts';
import {
  at,
  claimOne,
  dumped,
  first,
  idsOf,
  insertJob,
  insertJobs,
  NOW,
  newDelivery,
  newJob,
  readJob,
  rejectsWith,
  succeed,
  succeedOne,
  textResult,
  wholeJobsOf,
} from './fixtures.ts';
import { alone, type Topic } from './suite.ts';

/** More than one batch may hold. */
const MANY = 1_100;
const CALLBACK = { callbackUrl: 'http://127.0.0.1:1/hook' };

export const dumping: Topic = [
  alone('dump of an empty store is the counter alone', async ({ store }) => {
    assert.deepEqual(await dumped(store), [{ kind: 'counter', number: 0, position: 0 }]);
  }),

  alone(
    'dump hands out the counter, keys, documents, deliveries, events, tombstones and jobs, in this order',
    async (context) => {
      const { store, tenant } = context;
      const key = {
        id: 'k',
        tenant,
        name: 'n',
        scopes: ['read'] as const,
        hash: 'h',
        createdAt: NOW,
        revokedAt: null,
        expiresAt: NOW + 9,
      };
      await store.keyInsert(key);
      const ref = { tenant, kind: 'k', name: 'n' };
      const { document } = await store.documentWrite({
        ...ref,
        data: { a: ['\0'] },
        expectRevision: 0,
        now: NOW,
        dueAt: 7,
      });
      assert.ok(document !== null);
      await insertJob(context);
      const removed = await succeedOne(context);
      await store.remove([{ id: removed.id, revision: removed.revision, now: NOW + 1, goneUntil: NOW + 2 }]);
      const item = newJob(context, { tags: { a: 'b' } }, '{ "as":  "it is" }');
      await store.insert([item]);
      const result = textResult('42');
      const done = await succeed(store, await claimOne(context), NOW, result);
      const waiting = await insertJob(context, CALLBACK);
      const { id, number } = removed;
      const delivery = newDelivery(context, {
        origin: { dialect: 'd', data: ['\0'] },
        body: '\0',
        headers: { a: '\0' },
      });
      await store.deliveryAdd([delivery, newDelivery(context, { jobId: null }), newDelivery(context, { revision: 2 })]);
      const settled = first(await store.deliveryClaim({ now: NOW, leaseMs: 1_000, max: 1 }));
      await store.deliverySettle([
        { number: settled.number, fence: settled.fence, tried: null, outcome: { kind: 'retry', at: NOW + 5 } },
      ]);
      const pending = { attempt: 0, fence: 0, firstTriedAt: null, tries: [] };
      const event = first((await store.fanOutRead({ limit: 9 })).events);
      const records = await dumped(store);
      // How fences grow is the store's own choice.
      const fence = records.flatMap((record) => (record.kind === 'delivery' ? [record.delivery.fence] : []))[0] ?? 0;
      assert.ok(fence >= settled.fence);
      assert.deepEqual(records, [
        { kind: 'counter', number: 3, position: 0 },
        { kind: 'key', key },
        { kind: 'document', document },
        { kind: 'delivery', delivery: { ...delivery, ...pending, fence, dueAt: NOW + 5 } },
        { kind: 'delivery', delivery: { ...newDelivery(context, { revision: 2 }), ...pending } },
        { kind: 'event', event },
        { kind: 'tombstone', tombstone: { id, number, tenant, goneAt: NOW + 1, goneUntil: NOW + 2 } },
        { kind: 'job', job: done, input: item.input, result, logs: [] },
        { kind: 'job', job: waiting, input: '{}', result: null, logs: [] },
      ] satisfies StoreRecord[]);
    },
  ),

  alone('dump shows the moment of its first batch when the store changes meanwhile', async (context) => {
    const { store } = context;
    const jobs = await insertMany(context);
    const batches = store.dump()[Symbol.asyncIterator]();
    const records: StoreRecord[] = [...((await batches.next()).value ?? [])];
    assert.ok(records.length < MANY);
    await claimOne(context);
    const last = at(jobs, jobs.length - 1);
    const { number } = await readJob(store, last);
    await store.apply([
      { id: last, expect: { states: ['waiting'] }, patch: { progress: { percent: 1, message: null } } },
    ]);
    await insertJob(context);
    for (let step = await batches.next(); step.done !== true; step = await batches.next()) records.push(...step.value);
    const whole = wholeJobsOf(records);
    assert.deepEqual(idsOf(whole.map(({ job }) => job)), jobs);
    assert.ok(whole.every(({ job }) => job.state === 'waiting' && job.revision === 1));
    assert.equal(at(whole, whole.length - 1).job.number, number);
  }),

  alone('dump hands out jobs by number, in batches of a bounded count', async (context) => {
    await insertMany(context);
    const sizes: number[] = [];
    const numbers: number[] = [];
    for await (const batch of context.store.dump()) {
      sizes.push(batch.length);
      numbers.push(...wholeJobsOf(batch).map(({ job }) => job.number));
    }
    assert.ok(sizes.length > 1 && sizes.every((size) => size < MANY), sizes.join(' '));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.equal(numbers.length, MANY);
  }),

  alone('dump hands out large results in batches of their own', async (context) => {
    const bytes = 3_000_000;
    await insertJobs(context, Array(4).fill({}));
    for (let left = 4; left > 0; left -= 1) {
      await succeedOne(context, NOW, {
        contentType: 'application/octet-stream',
        bytes: new Uint8Array(bytes).fill(left),
      });
    }
    for await (const batch of context.store.dump()) {
      const weight = wholeJobsOf(batch).reduce((sum, { result }) => sum + (result?.bytes.byteLength ?? 0), 0);
      assert.ok(weight <= 2 * bytes, `${weight} bytes in one batch`);
    }
    const results = wholeJobsOf(await dumped(context.store)).map(({ result }) => result?.bytes[0]);
    assert.deepEqual(results, [4, 3, 2, 1]);
  }),

  alone('dump rejects with SHUTTING_DOWN when the store closes before its end', async (context) => {
    await insertMany(context);
    const batches = context.store.dump()[Symbol.asyncIterator]();
    await batches.next();
    await context.store.close();
    await rejectsWith(batches.next(), 'SHUTTING_DOWN');
  }),

  alone('dump may be left before its end', async (context) => {
    await insertMany(context);
    for await (const batch of context.store.dump()) {
      assert.ok(batch.length > 0);
      break;
    }
    await context.store.close();
  }),
];

/** The ids, by number. */
async function insertMany(context: Parameters<typeof insertJob>[0]): Promise<readonly string[]> {
  const batch = Array.from({ length: MANY }, () => newJob(context));
  await context.store.insert(batch);
  return batch.map(({ spec }) => spec.id);
}
