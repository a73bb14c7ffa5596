/** What time alone has made due: lost leases, overrun attempts, passed deadlines, ended retention. */
import assert from 'node:assert/strict';
import type { SweepFindings } from '../contract.ts';
import { at, claimSome, fail, first, idsOf, insertJob, insertJobs, LEASE_MS, NOW, succeed, take } from './fixtures.ts';
import { alone, type Context, type Topic } from './suite.ts';

const NOTHING: SweepFindings = { lost: [], overrun: [], overdue: [], prunable: [] };

export const sweeping: Topic = [
  alone('sweep finds nothing when nothing is due', async (context) => {
    assert.deepEqual(await sweep(context, NOW), NOTHING);
    await insertJobs(context, [{}, { deadlineMs: 100, timeoutMs: 100 }, { runAt: NOW + 5 }]);
    await claimSome(context, 2);
    await succeed(context.store, first(await running(context)));
    assert.deepEqual(await sweep(context, NOW + 99), NOTHING);
  }),

  alone('sweep finds running jobs as lost when their lease is over, the oldest first', async (context) => {
    await insertJobs(context, [{}, {}, {}]);
    const late = first(await claimSome(context, 1, { leaseMs: 300 })).job;
    const early = first(await claimSome(context, 1, { leaseMs: 100 })).job;
    const middle = first(await claimSome(context, 1, { leaseMs: 200 })).job;
    assert.deepEqual(await sweep(context, NOW + 99), NOTHING);
    assert.deepEqual(await sweep(context, NOW + 100), { ...NOTHING, lost: [early] });
    assert.deepEqual(await sweep(context, NOW + 300), { ...NOTHING, lost: [early, middle, late] });
    assert.deepEqual((await context.store.sweep({ now: NOW + 300, limit: 2 })).lost, [early, middle]);
  }),

  alone('sweep finds a running job as overrun when its attempt takes longer than its timeout', async (context) => {
    await insertJobs(context, [{ timeoutMs: 50 }, { timeoutMs: 40 }, { timeoutMs: null }]);
    const jobs = (await claimSome(context, 3)).map(({ job }) => job);
    assert.deepEqual(await sweep(context, NOW + 39), NOTHING);
    assert.deepEqual(await sweep(context, NOW + 40), { ...NOTHING, overrun: [at(jobs, 1)] });
    assert.deepEqual(await sweep(context, NOW + 50), { ...NOTHING, overrun: [at(jobs, 1), at(jobs, 0)] });
  }),

  alone('sweep finds a running job as overrun when its deadline passes', async (context) => {
    await insertJobs(context, [{ deadlineMs: 60, timeoutMs: 1_000 }, { deadlineMs: 70 }]);
    const jobs = (await claimSome(context, 2)).map(({ job }) => job);
    assert.deepEqual(await sweep(context, NOW + 59), NOTHING);
    assert.deepEqual(await sweep(context, NOW + 60), { ...NOTHING, overrun: [at(jobs, 0)] });
    assert.deepEqual(await sweep(context, NOW + 70), { ...NOTHING, overrun: jobs });
    assert.deepEqual((await context.store.sweep({ now: NOW + 70, limit: 1 })).overrun, [at(jobs, 0)]);
  }),

  alone('sweep finds a job as lost and not as overrun when both hold', async (context) => {
    await insertJob(context, { timeoutMs: 10 });
    const { job } = first(await claimSome(context, 1, { leaseMs: 20 }));
    assert.deepEqual(await sweep(context, NOW + 19), { ...NOTHING, overrun: [job] });
    assert.deepEqual(await sweep(context, NOW + 20), { ...NOTHING, lost: [job] });
  }),

  alone('sweep finds lost jobs by the end of their lease, whatever else of them had ended before', async (context) => {
    await insertJobs(context, [{}, { deadlineMs: 5 }]);
    const jobs = (await claimSome(context, 2, { leaseMs: 30 })).map(({ job }) => job);
    assert.deepEqual(await sweep(context, NOW + 30), { ...NOTHING, lost: jobs });
  }),

  alone('sweep finds a waiting job as overdue when its deadline passes, due or not', async (context) => {
    const jobs = await insertJobs(context, [{ deadlineMs: 80 }, { deadlineMs: 70, runAt: NOW + 10_000 }, {}]);
    assert.deepEqual(await sweep(context, NOW + 69), NOTHING);
    assert.deepEqual(await sweep(context, NOW + 70), { ...NOTHING, overdue: [at(jobs, 1)] });
    assert.deepEqual(await sweep(context, NOW + 80), { ...NOTHING, overdue: [at(jobs, 1), at(jobs, 0)] });
    assert.deepEqual((await context.store.sweep({ now: NOW + 80, limit: 1 })).overdue, [at(jobs, 1)]);
  }),

  alone('sweep finds a final job as prunable when its retention is over, in every final state', async (context) => {
    await insertJobs(context, [{ retainMs: 10 }, { retainMs: 20 }, { retainMs: 40 }, { retainMs: 30, deadlineMs: 5 }]);
    const claimed = (await claimSome(context, 3)).map(({ job }) => job);
    const waiting = first(await context.store.list({ tenant: context.tenant, states: ['waiting'], limit: 1 }));
    const done = await succeed(context.store, at(claimed, 0));
    const failed = await fail(context.store, at(claimed, 1), false);
    await take(context.store, at(claimed, 2).id, { kind: 'cancel' });
    const cancelled = await take(context.store, at(claimed, 2).id, { kind: 'stop', fence: 1 });
    const expired = await take(context.store, waiting.id, { kind: 'expire' }, NOW + 5);
    assert.deepEqual(await sweep(context, NOW + 9), NOTHING);
    assert.deepEqual((await sweep(context, NOW + 10)).prunable, [done]);
    assert.deepEqual((await sweep(context, NOW + 40)).prunable, [done, failed, expired, cancelled]);
    assert.deepEqual((await context.store.sweep({ now: NOW + 40, limit: 3 })).prunable, [done, failed, expired]);
  }),

  alone('sweep finds a job no more when it was dealt with', async (context) => {
    await insertJobs(context, [{ deadlineMs: 10 }, {}]);
    const { job } = first((await claimSome(context, 2)).slice(1));
    const waiting = await take(context.store, job.id, { kind: 'lose', fence: 1, random: 0 }, NOW + LEASE_MS);
    assert.equal(waiting.state, 'waiting');
    const findings = await sweep(context, NOW + LEASE_MS);
    assert.ok(!idsOf(findings.lost).includes(job.id));
    assert.deepEqual(findings.overdue, []);
  }),

  alone('sweep keeps to its limit in each list when much is due', async (context) => {
    await insertJobs(context, Array(8).fill({ deadlineMs: 10, retainMs: 0 }));
    await claimSome(context, 4, { leaseMs: 5 });
    const findings = await context.store.sweep({ now: NOW + 10, limit: 3 });
    assert.equal(findings.lost.length, 3);
    assert.equal(findings.overdue.length, 3);
  }),
];

function sweep({ store }: Context, now: number): Promise<SweepFindings> {
  return store.sweep({ now, limit: 100 });
}

function running({ store, tenant }: Context) {
  return store.list({ tenant, states: ['running'], limit: 1 });
}
