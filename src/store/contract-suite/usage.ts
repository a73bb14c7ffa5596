/** What a tenant takes up: its jobs, and the bytes of their inputs and results, whatever happens to them. */
import assert from 'node:assert/strict';
import { claimOne, fail, first, insertJobs, NOW, newJob, succeed, take, textResult } from './fixtures.ts';
import { alone, type Topic, test } from './suite.ts';

const NOTHING = { jobs: 0, bytes: 0 };
/** Fewer characters than bytes. */
const INPUT = '"ü🚀"';

export const usage: Topic = [
  test('usage is nothing for a tenant without jobs', async ({ store, tenant }) => {
    assert.deepEqual(await store.usage(tenant), NOTHING);
  }),

  test('usage counts the jobs of a tenant in every state, and bytes as they are stored', async (context) => {
    const { store, tenant } = context;
    const size = Buffer.byteLength(INPUT);
    const other = { ...context, tenant: `${tenant}-2` };
    await store.insert([
      newJob(context, {}, INPUT),
      newJob(context, { priority: -1 }, '{}'),
      newJob(other, { priority: -2 }),
    ]);
    assert.deepEqual(await store.usage(tenant), { jobs: 2, bytes: size + 2 });
    const running = await claimOne(context);
    assert.deepEqual(await store.usage(tenant), { jobs: 2, bytes: size + 2 });
    const done = await succeed(store, running, NOW, textResult('"ü"'));
    assert.deepEqual(await store.usage(tenant), { jobs: 2, bytes: size + 2 + 4 });
    await take(store, (await claimOne(context)).id, { kind: 'release', fence: 1 });
    assert.deepEqual(await store.usage(tenant), { jobs: 2, bytes: size + 2 + 4 });
    const longer = { id: done.id, expect: { states: ['succeeded'] as const }, result: textResult('"longer"') };
    await store.apply([{ ...longer, patch: { result: { contentType: 'application/json', bytes: 8 } } }]);
    assert.deepEqual(await store.usage(tenant), { jobs: 2, bytes: size + 2 + 8 });
    await store.remove([{ id: done.id, revision: done.revision + 1, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(await store.usage(tenant), { jobs: 1, bytes: 2 });
    assert.deepEqual(await store.usage(other.tenant), { jobs: 1, bytes: 2 });
  }),

  test('usage stays when a failed job is tried again', async (context) => {
    await insertJobs(context, [{}]);
    const failed = await fail(context.store, await claimOne(context), false);
    await take(context.store, failed.id, { kind: 'retry' });
    assert.deepEqual(await context.store.usage(context.tenant), { jobs: 1, bytes: 2 });
  }),

  alone('usage of a restored store is that of the first', async (context) => {
    const { store, tenant } = context;
    await store.insert([newJob(context, {}, INPUT), newJob(context)]);
    await succeed(store, await claimOne(context), NOW, textResult('"ü"'));
    const records = [];
    for await (const batch of store.dump()) records.push(...batch);
    const target = await context.openEmpty();
    await target.restore(records);
    assert.deepEqual(await target.usage(tenant), await store.usage(tenant));
    const job = first(await target.list({ tenant, states: ['succeeded'], limit: 1 }));
    await target.remove([{ id: job.id, revision: job.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(await target.usage(tenant), { jobs: 1, bytes: 2 });
  }),
];
