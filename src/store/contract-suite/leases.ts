/** Heartbeats: extend what is held, tell what is lost, change nothing that a reader could see. */
import assert from 'node:assert/strict';
import { claimOne, insertJob, insertJobs, LEASE_MS, NOW, readJob, succeed, take } from './fixtures.ts';
import { alone, type Topic, test } from './suite.ts';

const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';

export const leases: Topic = [
  test('extend holds the lease and leaves the revision when the fence is right', async (context) => {
    await insertJob(context);
    const job = await claimOne(context);
    const leaseUntil = NOW + 5 * LEASE_MS;
    const outcomes = await context.store.extend([{ id: job.id, fence: 1, leaseUntil }]);
    assert.deepEqual(outcomes, [{ kind: 'held', cancelRequestedAt: null }]);
    assert.deepEqual(await readJob(context.store, job.id), { ...job, leaseUntil });
  }),

  test('extend tells the worker of a cancel request', async (context) => {
    await insertJob(context);
    const job = await claimOne(context);
    await take(context.store, job.id, { kind: 'cancel' }, NOW + 7);
    const outcomes = await context.store.extend([{ id: job.id, fence: 1, leaseUntil: NOW + 100 }]);
    assert.deepEqual(outcomes, [{ kind: 'held', cancelRequestedAt: NOW + 7 }]);
  }),

  test('extend answers lost and writes nothing when fence or state are not as seen', async (context) => {
    const [waiting] = await insertJobs(context, [{ runAt: NOW + 1 }, {}, {}]);
    const running = await claimOne(context);
    const done = await succeed(context.store, await claimOne(context));
    const leaseUntil = NOW + 5 * LEASE_MS;
    const outcomes = await context.store.extend([
      { id: running.id, fence: 2, leaseUntil },
      { id: running.id, fence: 0, leaseUntil },
      { id: done.id, fence: 1, leaseUntil },
      { id: waiting?.id ?? '', fence: 0, leaseUntil },
      { id: UNKNOWN_ID, fence: 1, leaseUntil },
    ]);
    assert.deepEqual(outcomes, Array(5).fill({ kind: 'lost' }));
    assert.deepEqual(await readJob(context.store, running.id), running);
    assert.deepEqual(await readJob(context.store, done.id), done);
  }),

  test('extend answers in the order of the batch when outcomes are mixed', async (context) => {
    await insertJobs(context, [{}, {}]);
    const one = await claimOne(context);
    const two = await claimOne(context);
    const outcomes = await context.store.extend([
      { id: two.id, fence: 1, leaseUntil: NOW + 2 },
      { id: one.id, fence: 9, leaseUntil: NOW + 2 },
      { id: one.id, fence: 1, leaseUntil: NOW + 3 },
    ]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['held', 'lost', 'held'],
    );
    assert.equal((await readJob(context.store, two.id)).leaseUntil, NOW + 2);
    assert.equal((await readJob(context.store, one.id)).leaseUntil, NOW + 3);
    assert.deepEqual(await context.store.extend([]), []);
  }),

  alone('extend keeps a job out of the lost ones when its lease would be over', async (context) => {
    await insertJob(context);
    const job = await claimOne(context);
    await context.store.extend([{ id: job.id, fence: 1, leaseUntil: NOW + 2 * LEASE_MS }]);
    const early = await context.store.sweep({ now: NOW + LEASE_MS, limit: 10 });
    assert.deepEqual(early.lost, []);
    const late = await context.store.sweep({ now: NOW + 2 * LEASE_MS, limit: 10 });
    assert.deepEqual(
      late.lost.map(({ id }) => id),
      [job.id],
    );
  }),
];
