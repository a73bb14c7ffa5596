/** Removal: everything goes with the job, and a tombstone stays for a while. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import type { Removal } from '../contract.ts';
import {
  claimOne,
  fail,
  first,
  insertJob,
  insertJobs,
  LEASE_MS,
  NOW,
  readJob,
  succeed,
  take,
  textResult,
} from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';
const GONE_UNTIL = NOW + 1_000;

export const removing: Topic = [
  test('remove leaves a tombstone that read finds by id and by number', async (context) => {
    const { store, tenant } = context;
    const done = await finished(context);
    assert.deepEqual(await store.remove([removalOf(done, { now: NOW + 5 })]), ['removed']);
    const gone = { kind: 'gone', tenant, goneAt: NOW + 5, goneUntil: GONE_UNTIL };
    assert.deepEqual(await store.read([{ id: done.id }, { number: done.number }]), [gone, gone]);
  }),

  test('remove takes everything that belonged to the job with it', async (context) => {
    const { store, tenant } = context;
    const done = await finished(context);
    await store.remove([removalOf(done)]);
    assert.deepEqual(await store.readResult([{ id: done.id }]), [null]);
    assert.deepEqual(await store.readInput([{ id: done.id }]), [null]);
    assert.deepEqual(await store.list({ tenant, limit: 10 }), []);
    assert.deepEqual(await store.list({ tenant, tags: { a: 'b' }, limit: 10 }), []);
    assert.deepEqual(await store.count({ tenant }), []);
    const patch = { id: done.id, expect: { states: ['succeeded'] as const }, patch: {} };
    assert.deepEqual(await store.apply([patch]), [{ kind: 'missing' }]);
  }),

  test('remove answers stale and removes nothing when the revision differs or the job is not final', async (context) => {
    const { store } = context;
    const [waiting] = await insertJobs(context, [{ runAt: NOW + 5 }]);
    assert.ok(waiting !== undefined);
    const done = await finished(context);
    await insertJob(context);
    const running = await claimOne(context);
    const batch = [removalOf(done, { revision: done.revision - 1 }), removalOf(waiting), removalOf(running)];
    assert.deepEqual(await store.remove(batch), ['stale', 'stale', 'stale']);
    for (const job of [done, waiting, running]) assert.deepEqual(await readJob(store, job.id), job);
  }),

  test('remove answers missing when the job never was or is removed already', async (context) => {
    const done = await finished(context);
    const outcomes = await context.store.remove([removalOf(done), removalOf({ ...done, id: UNKNOWN_ID })]);
    assert.deepEqual(outcomes, ['removed', 'missing']);
    assert.deepEqual(await context.store.remove([removalOf(done)]), ['missing']);
    assert.deepEqual(await context.store.remove([]), []);
  }),

  test('remove takes final jobs of every state', async (context) => {
    const { store } = context;
    await insertJobs(context, [{}, {}, {}, { deadlineMs: LEASE_MS }]);
    const done = await succeed(store, await claimOne(context));
    const failed = await fail(store, await claimOne(context), false);
    const cancelled = await take(store, first(await waitingOf(context)).id, { kind: 'cancel' });
    const expired = await take(store, first(await waitingOf(context)).id, { kind: 'expire' }, NOW + LEASE_MS);
    const batch = [done, failed, cancelled, expired].map((job) => removalOf(job));
    assert.deepEqual(await store.remove(batch), Array(4).fill('removed'));
  }),

  test('remove drops tombstones when their time is over', async (context) => {
    const { store } = context;
    const one = await finished(context);
    const two = await finished(context);
    await store.remove([removalOf(one, { goneUntil: NOW + 10 })]);
    await store.remove([removalOf(two, { now: NOW + 9, goneUntil: GONE_UNTIL })]);
    assert.equal(first(await store.read([{ id: one.id }])).kind, 'gone');
    const three = await finished(context);
    await store.remove([removalOf(three, { now: NOW + 10, goneUntil: GONE_UNTIL })]);
    const kinds = (await store.read([{ id: one.id }, { id: two.id }, { id: three.id }])).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['missing', 'gone', 'gone']);
  }),

  test('remove lets one through when a removal and a retry race', async (context) => {
    const { store } = context;
    for (let round = 0; round < 10; round += 1) {
      await insertJob(context);
      const failed = await fail(store, await claimOne(context), false);
      const retry = {
        id: failed.id,
        expect: { states: ['failed'] as const, revision: failed.revision },
        patch: { state: 'waiting' as const, runAt: NOW + LEASE_MS, finishedAt: null, error: null },
      };
      const other = (await context.opened.another?.()) ?? store;
      const [removed, retried] = await Promise.all([store.remove([removalOf(failed)]), other.apply([retry])]);
      const isRemoved = first(removed) === 'removed';
      assert.equal(first(retried).kind, isRemoved ? 'missing' : 'applied');
      assert.equal(first(await store.read([{ id: failed.id }])).kind, isRemoved ? 'gone' : 'found');
    }
  }),

  alone('remove is durable when the store is opened again', async (context) => {
    const done = await finished(context);
    await context.store.remove([removalOf(done)]);
    const store = await context.opened.reopen();
    assert.equal(first(await store.read([{ id: done.id }])).kind, 'gone');
  }),
];

async function finished(context: Context): Promise<Job> {
  await insertJob(context, { tags: { a: 'b' } });
  return succeed(context.store, await claimOne(context), NOW, textResult('1'));
}

function waitingOf({ store, tenant }: Context): Promise<readonly Job[]> {
  return store.list({ tenant, states: ['waiting'], order: 'oldest', limit: 1 });
}

function removalOf({ id, revision }: Job, over: Partial<Removal> = {}): Removal {
  return { id, revision, now: NOW, goneUntil: GONE_UNTIL, ...over };
}
