/**
 * Jobs of one tenant and sequence key: never two at once, whatever was retried; of those that wait, the lowest number is next. So a
 * job that is retried while a later one runs lets that one end, and then goes ahead of all others.
 */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import {
  at,
  claimedIds,
  claimOne,
  claimSome,
  fail,
  first,
  idsOf,
  insertJobs,
  NOW,
  readJob,
  succeed,
  take,
} from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

const SEQUENCE = { sequenceKey: 's' };
/** When every lease is over, and every backoff that began then. */
const AHEAD = { now: NOW + 10_000_000 };
const LATER = { now: AHEAD.now + 10_000_000 };

/** Ways in which the first job of a sequence ends. */
const ENDS: readonly (readonly [string, (context: Context) => Promise<unknown>])[] = [
  ['succeeded', async (context) => succeed(context.store, await claimOne(context))],
  ['failed', async (context) => fail(context.store, await claimOne(context), false)],
  ['cancelled', async (context) => take(context.store, await headOf(context), { kind: 'cancel' })],
  ['expired', async (context) => take(context.store, await headOf(context), { kind: 'expire' }, NOW + 50)],
];

/** Ways in which a running job makes room for others of its sequence. */
const AFTER_RETRY: readonly (readonly [string, (context: Context, job: Job) => Promise<Job>])[] = [
  ['succeeded', ({ store }, job) => succeed(store, job)],
  ['failed', ({ store }, job) => fail(store, job, false)],
  ['tried again', ({ store }, job) => fail(store, job, true)],
  ['released', ({ store }, job) => take(store, job.id, { kind: 'release', fence: job.fence })],
  ['lost', ({ store }, job) => take(store, job.id, { kind: 'lose', fence: job.fence, random: 0 }, AHEAD.now)],
];

export const sequences: Topic = [
  test('claim hands out one job of a sequence at a time, in the order of their numbers', async (context) => {
    const jobs = await insertJobs(context, [
      { ...SEQUENCE, priority: 0 },
      { ...SEQUENCE, priority: 9 },
      { ...SEQUENCE, runAt: NOW - 50 },
    ]);
    for (const job of jobs) {
      const claimed = await claimSome(context, 10);
      assert.deepEqual(claimedIds(claimed), [job.id]);
      assert.deepEqual(await claimSome(context, 10), []);
      await succeed(context.store, first(claimed).job);
    }
    assert.deepEqual(await claimSome(context, 10), []);
  }),

  test('claim keeps sequences of different keys and tenants apart, and jobs without one free', async (context) => {
    const other = { ...context, tenant: `${context.tenant}-2` };
    const mine = await insertJobs(context, [SEQUENCE, SEQUENCE, { sequenceKey: 't' }, {}, {}]);
    const theirs = await insertJobs(other, [SEQUENCE, SEQUENCE]);
    const wanted = [...[0, 2, 3, 4].map((index) => at(mine, index).id), at(theirs, 0).id];
    assert.deepEqual(claimedIds(await claimSome(context, 10)).toSorted(), wanted.toSorted());
  }),

  test('claim finds free jobs when many blocked ones come before them', async (context) => {
    const blocked = Array.from({ length: 30 }, () => ({ ...SEQUENCE, priority: 5 }));
    const jobs = await insertJobs(context, [...blocked, {}, {}]);
    const claimed = await claimSome(context, 3);
    assert.deepEqual(claimedIds(claimed), [at(jobs, 0).id, at(jobs, 30).id, at(jobs, 31).id]);
  }),

  test('claim waits for an earlier job of the sequence when that is scheduled or will be retried', async (context) => {
    const [ahead] = await insertJobs(context, [{ ...SEQUENCE, runAt: NOW + 100 }, SEQUENCE]);
    assert.deepEqual(await claimSome(context, 10), []);
    const running = first(await claimSome(context, 10, { now: NOW + 100 })).job;
    assert.equal(running.id, ahead?.id);
    const waiting = await fail(context.store, running, true, NOW + 100);
    assert.deepEqual(await claimSome(context, 10, { now: NOW + 101 }), []);
    assert.deepEqual(claimedIds(await claimSome(context, 10, { now: waiting.runAt })), [running.id]);
  }),

  ...ENDS.map(([word, end]) =>
    test(`claim hands out the next job of a sequence when the one before is ${word}`, async (context) => {
      const [, next] = await insertJobs(context, [{ ...SEQUENCE, deadlineMs: 50 }, SEQUENCE]);
      await end(context);
      assert.deepEqual(claimedIds(await claimSome(context, 10, { now: NOW + 60 })), [next?.id]);
    }),
  ),

  test('claim still waits for the first job of a sequence when one between is cancelled', async (context) => {
    const [head, between, last] = await insertJobs(context, [SEQUENCE, SEQUENCE, SEQUENCE]);
    await take(context.store, between?.id ?? '', { kind: 'cancel' });
    const running = await claimOne(context);
    assert.equal(running.id, head?.id);
    assert.deepEqual(await claimSome(context, 10), []);
    await succeed(context.store, running);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [last?.id]);
  }),

  test('claim passes over later jobs again when an earlier one of the sequence is retried', async (context) => {
    const [head, next] = await insertJobs(context, [SEQUENCE, SEQUENCE]);
    await fail(context.store, await claimOne(context), false);
    await take(context.store, head?.id ?? '', { kind: 'retry' });
    const claimed = await claimSome(context, 10);
    assert.deepEqual(claimedIds(claimed), [head?.id]);
    await succeed(context.store, first(claimed).job);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [next?.id]);
  }),

  test('claim passes over a job that is retried while an earlier one of the sequence is unfinished', async (context) => {
    const [head, next] = await insertJobs(context, [SEQUENCE, SEQUENCE]);
    await fail(context.store, await claimOne(context), false);
    await fail(context.store, await claimOne(context), false);
    await take(context.store, head?.id ?? '', { kind: 'retry' });
    await take(context.store, next?.id ?? '', { kind: 'retry' });
    const claimed = await claimSome(context, 10);
    assert.deepEqual(claimedIds(claimed), [head?.id]);
    await succeed(context.store, first(claimed).job);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [next?.id]);
  }),

  ...AFTER_RETRY.map(([word, end]) =>
    test(`claim waits for a later job of the sequence when an earlier one is retried meanwhile and it is ${word}`, async (context) => {
      const jobs = await insertJobs(context, [SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE]);
      await fail(context.store, await claimOne(context), false);
      await fail(context.store, await claimOne(context), false);
      const later = await claimOne(context);
      assert.equal(later.id, at(jobs, 2).id);
      await take(context.store, at(jobs, 1).id, { kind: 'retry' });
      await take(context.store, at(jobs, 0).id, { kind: 'retry' });
      assert.deepEqual(await claimSome(context, 10), []);
      const { finishedAt } = await end(context, later);
      const ran: string[] = [];
      for (let claimed = await claimSome(context, 10, LATER); claimed.length > 0; ) {
        ran.push(...claimedIds(claimed));
        assert.equal(claimed.length, 1);
        await succeed(context.store, first(claimed).job, LATER.now);
        claimed = await claimSome(context, 10, LATER);
      }
      const order = finishedAt !== null ? [0, 1, 3] : [0, 1, 2, 3];
      assert.deepEqual(
        ran,
        order.map((index) => at(jobs, index).id),
      );
    }),
  ),

  test('claim holds a later job back when it fails while an earlier one was retried', async (context) => {
    const [head, next] = await insertJobs(context, [SEQUENCE, SEQUENCE]);
    await fail(context.store, await claimOne(context), false);
    const later = await claimOne(context);
    assert.equal(later.id, next?.id);
    await take(context.store, head?.id ?? '', { kind: 'retry' });
    assert.deepEqual(await claimSome(context, 10), []);
    const waiting = await fail(context.store, later, true);
    const claimed = await claimSome(context, 10, { now: waiting.runAt });
    assert.deepEqual(claimedIds(claimed), [head?.id]);
    await succeed(context.store, first(claimed).job, waiting.runAt);
    assert.deepEqual(claimedIds(await claimSome(context, 10, { now: waiting.runAt })), [next?.id]);
  }),

  test('claim runs a sequence in order when its jobs came in one by one', async (context) => {
    const jobs = await Promise.all(Array.from({ length: 8 }, () => insertJobs(context, [SEQUENCE])));
    const inOrder = jobs.flat().toSorted((a, b) => a.number - b.number);
    const ran: string[] = [];
    for (const _ of jobs) {
      const job = await claimOne(context);
      ran.push(job.id);
      await succeed(context.store, job);
    }
    assert.deepEqual(ran, idsOf(inOrder));
  }),

  test('claim hands out the head of a sequence when the one before was removed', async (context) => {
    const [, next] = await insertJobs(context, [SEQUENCE, SEQUENCE]);
    const done = await succeed(context.store, await claimOne(context));
    await context.store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [next?.id]);
    assert.equal((await readJob(context.store, next?.id ?? '')).state, 'running');
  }),
];

async function headOf({ store, tenant }: Context): Promise<string> {
  return first(await store.list({ tenant, order: 'oldest', limit: 1 })).id;
}
