/** Claims: the order in which jobs are handed out, who may have which, and what a claim does to a job. */
import assert from 'node:assert/strict';
import { decide } from '../../core/decide.ts';
import { patched } from '../../core/job.ts';
import {
  at,
  claimedIds,
  claimOne,
  claimSome,
  fail,
  first,
  idsOf,
  insertJob,
  insertJobs,
  LEASE_MS,
  NOW,
  newJob,
  readJob,
  succeed,
  take,
  WORKER,
} from './fixtures.ts';
import { type Topic, test } from './suite.ts';

export const claiming: Topic = [
  test('claim hands out by priority, then runAt, then number when several jobs are due', async (context) => {
    const jobs = await insertJobs(context, [
      { priority: 0, runAt: NOW - 10 },
      { priority: 5, runAt: NOW },
      { priority: 5, runAt: NOW - 5 },
      { priority: -3, runAt: NOW - 1_000 },
      { priority: 5, runAt: NOW - 5 },
      { priority: 0, runAt: NOW - 20 },
    ]);
    const wanted = [2, 4, 1, 5, 0, 3].map((index) => at(jobs, index).id);
    const four = await claimSome(context, 4);
    const rest = await claimSome(context, 4);
    assert.deepEqual([...claimedIds(four), ...claimedIds(rest)], wanted);
  }),

  test('claim does to a job exactly what decide says', async (context) => {
    const job = await insertJob(context);
    const now = NOW + 17;
    const claimed = first(await claimSome(context, 1, { now }));
    const decision = decide(job, { kind: 'claim', worker: WORKER, leaseMs: LEASE_MS }, now);
    assert.ok(decision.kind === 'accepted');
    assert.deepEqual(claimed.job, patched(job, decision.patch));
    assert.deepEqual(await readJob(context.store, job.id), claimed.job);
  }),

  test('claim gets what was inserted by the call before it, where nobody shares the store', async (context) => {
    const { store } = context;
    if (store.facts.isShared) return;
    const job = newJob(context);
    const inserted = store.insert([job]);
    const claimed = claimSome(context, 1);
    const heard: string[] = [];
    void inserted.then(() => heard.push('insert'));
    void claimed.then(() => heard.push('claim'));
    assert.deepEqual(claimedIds(await claimed), [job.spec.id]);
    assert.deepEqual(heard, ['insert', 'claim']);
  }),

  test('claim hands out the input as it was submitted', async (context) => {
    const input = '{ "spaced" : [1,\n2], "text": "ü 🚀 \\u0000" }';
    await context.store.insert([newJob(context, {}, input)]);
    assert.equal(first(await claimSome(context, 1)).input, input);
  }),

  test('claim takes a job at its runAt and not a millisecond before', async (context) => {
    const job = await insertJob(context, { runAt: NOW + 1 });
    assert.deepEqual(await claimSome(context, 1, { now: NOW }), []);
    assert.deepEqual(claimedIds(await claimSome(context, 1, { now: NOW + 1 })), [job.id]);
  }),

  test('claim passes over scheduled jobs of a higher priority when lower ones are due', async (context) => {
    const ahead = Array.from({ length: 20 }, (_, index) => ({ priority: 9 - (index % 3), runAt: NOW + 60_000 }));
    await insertJobs(context, ahead);
    const due = await insertJobs(context, [{ priority: 1 }, { priority: 8 }]);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [at(due, 1).id, at(due, 0).id]);
  }),

  test('claim takes no more than the free slots of each type', async (context) => {
    const other = { ...context, type: `${context.type}-2` };
    const mine = await insertJobs(context, [{}, {}, {}]);
    const theirs = await insertJobs(other, [{}, {}, {}]);
    const wants = [
      { type: context.type, max: 2 },
      { type: other.type, max: 1 },
    ];
    const claimed = await context.store.claim({ ...request(wants, 10) });
    assert.deepEqual(claimedIds(claimed).toSorted(), [...idsOf(mine.slice(0, 2)), at(theirs, 0).id].toSorted());
  }),

  test('claim takes no more than max in all when its types ask for more', async (context) => {
    const other = { ...context, type: `${context.type}-2` };
    await insertJobs(context, [{}, {}]);
    await insertJobs(other, [{}, {}]);
    const wants = [
      { type: context.type, max: 2 },
      { type: other.type, max: 2 },
    ];
    assert.equal((await context.store.claim(request(wants, 3))).length, 3);
    assert.equal((await context.store.claim(request(wants, 3))).length, 1);
  }),

  test('claim takes nothing when no type is wanted, no slot is free or nothing is there', async (context) => {
    assert.deepEqual(await claimSome(context, 5), []);
    await insertJob(context);
    assert.deepEqual(await context.store.claim(request([], 5)), []);
    assert.deepEqual(await claimSome(context, 0), []);
    assert.deepEqual(await context.store.claim(request([{ type: `${context.type}-2`, max: 1 }], 1)), []);
  }),

  test('claim takes only jobs of the tenant when one is named', async (context) => {
    const other = { ...context, tenant: `${context.tenant}-2` };
    await insertJobs(other, [{ priority: 9 }, {}]);
    const mine = await insertJobs(context, [{}, { priority: 1 }]);
    const claimed = await claimSome(context, 10, { tenant: context.tenant });
    assert.deepEqual(claimedIds(claimed), [at(mine, 1).id, at(mine, 0).id]);
    assert.equal((await claimSome(context, 10)).length, 2);
  }),

  test('claim takes only jobs that wait when others run or are final', async (context) => {
    const jobs = await insertJobs(context, [{}, {}, {}]);
    await take(context.store, at(jobs, 0).id, { kind: 'cancel' });
    await claimOne(context);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [at(jobs, 2).id]);
    assert.deepEqual(await claimSome(context, 10), []);
  }),

  test('claim grows the fence further when a job comes back', async (context) => {
    await insertJob(context);
    const once = await claimOne(context);
    const waiting = await fail(context.store, once, true);
    const twice = await claimOne(context, waiting.runAt);
    assert.equal(twice.fence, 2);
    assert.equal(twice.attempt, 2);
    const released = await take(context.store, twice.id, { kind: 'release', fence: 2 }, waiting.runAt);
    assert.equal(released.attempt, 1);
    const thrice = await claimOne(context, waiting.runAt);
    assert.equal(thrice.fence, 3);
    assert.equal(thrice.attempt, 2);
  }),

  test('claim starts progress over when an earlier attempt had some', async (context) => {
    await insertJob(context);
    const once = await claimOne(context);
    await take(context.store, once.id, { kind: 'report', fence: 1, percent: 50, message: 'half' });
    const waiting = await fail(context.store, once, true);
    assert.deepEqual((await claimOne(context, waiting.runAt)).progress, { percent: 0, message: null });
  }),

  test('claim takes jobs of all priorities that the limits allow', async (context) => {
    const priorities = [-1_000, -100, 0, 100, 1_000];
    await insertJobs(
      context,
      priorities.map((priority) => ({ priority })),
    );
    const claimed = await claimSome(context, 10);
    assert.deepEqual(
      claimed.map(({ job }) => job.priority),
      priorities.toReversed(),
    );
  }),

  test('nextRunAt answers the earliest time ahead of the wanted types', async (context) => {
    const { store, type } = context;
    const other = { ...context, type: `${type}-2` };
    await insertJobs(context, [{ runAt: NOW - 5 }, { runAt: NOW + 50, priority: 3 }, { runAt: NOW + 40 }]);
    await insertJobs(other, [{ runAt: NOW + 30 }]);
    assert.equal(await store.nextRunAt({ types: [type], now: NOW }), NOW + 40);
    assert.equal(await store.nextRunAt({ types: [type, other.type], now: NOW }), NOW + 30);
    assert.equal(await store.nextRunAt({ types: [type], now: NOW + 40 }), NOW + 50);
  }),

  test('nextRunAt answers null when nothing lies ahead', async (context) => {
    const { store, type } = context;
    assert.equal(await store.nextRunAt({ types: [type], now: NOW }), null);
    assert.equal(await store.nextRunAt({ types: [], now: NOW }), null);
    const job = await insertJob(context, { runAt: NOW + 10 });
    await take(store, job.id, { kind: 'cancel' });
    assert.equal(await store.nextRunAt({ types: [type], now: NOW }), null);
  }),

  test('nextRunAt answers the time of the retry when an attempt has failed', async (context) => {
    await insertJob(context);
    const waiting = await fail(context.store, await claimOne(context), true);
    assert.ok(waiting.runAt > NOW);
    assert.equal(await context.store.nextRunAt({ types: [context.type], now: NOW }), waiting.runAt);
  }),

  test('claim hands out nothing that has succeeded when it is asked again much later', async (context) => {
    await insertJob(context);
    await succeed(context.store, await claimOne(context));
    assert.deepEqual(await claimSome(context, 10, { now: NOW + 10 * LEASE_MS }), []);
  }),
];

function request(wants: readonly { readonly type: string; readonly max: number }[], max: number) {
  return { wants, max, tenant: null, worker: WORKER, leaseMs: LEASE_MS, now: NOW };
}
