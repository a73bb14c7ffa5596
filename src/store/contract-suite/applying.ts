/** Guarded patches: written exactly when state, fence and revision are as seen, and nothing in between. */
import assert from 'node:assert/strict';
import { attemptsOf } from '../../core/attempts.ts';
import { type Job, type JobPatch, patched } from '../../core/job.ts';
import type { ApplyOutcome } from '../contract.ts';
import {
  at,
  claimOne,
  claimSome,
  fail,
  failure,
  first,
  insertJob,
  insertJobs,
  LEASE_MS,
  NOW,
  newJob,
  readJob,
  rejectsWith,
  succeed,
  take,
  textResult,
} from './fixtures.ts';
import { alone, type Topic, test } from './suite.ts';

const FINAL = { state: 'cancelled', finishedAt: NOW } as const satisfies JobPatch;
const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';

/** What the database itself refuses, whoever asks for it. */
const NONSENSE: readonly (readonly [string, JobPatch])[] = [
  ['a final job that never finished', { state: 'failed' }],
  ['a waiting job that has finished', { finishedAt: NOW }],
  ['a job of an unknown state', { state: 'paused' as 'waiting' }],
  ['a running job without a lease', { state: 'running' }],
  ['a final job with a lease', { ...FINAL, leaseUntil: NOW }],
  ['a waiting job with a worker', { worker: 'w' }],
  ['a running job with a result', { state: 'running', leaseUntil: NOW, result: { contentType: 'x/y', bytes: 1 } }],
];

export const applying: Topic = [
  test('apply writes every field of the patch and leaves the others when it is expected', async (context) => {
    const job = await insertJob(context, { tags: { a: 'b' }, deadlineMs: 10 });
    const patch: Required<JobPatch> = {
      state: 'running',
      runAt: NOW + 1,
      progress: { percent: 33.3, message: 'a third' },
      attempt: 4,
      fence: 5,
      leaseUntil: NOW + 6,
      worker: 'w',
      cancelRequestedAt: NOW + 7,
      deadlineAt: NOW + 8,
      startedAt: NOW + 9,
      finishedAt: null,
      error: {
        ...failure(),
        details: { deep: [1, null] },
      },
      marks: { isAwaited: true },
      attempts: [
        {
          ...{ number: 1, fence: 1, worker: 'w\0', startedAt: NOW, endedAt: NOW + 1, outcome: 'failed' },
          error: { code: 'C', message: 'm' },
        },
      ],
      result: null,
    };
    const expect = { states: ['waiting', 'running', 'failed'] } as const;
    const running = first(await context.store.apply([{ id: job.id, expect, patch, now: NOW }]));
    assert.deepEqual(running, { kind: 'applied', job: patched(job, patch) });
    assert.deepEqual(await readJob(context.store, job.id), patched(job, patch));
    const end: Required<JobPatch> = {
      ...patch,
      ...{ state: 'failed', runAt: NOW + 2, fence: 6, leaseUntil: null, finishedAt: NOW + 10 },
      result: { contentType: 'text/plain', bytes: 3 },
    };
    const failed = { id: job.id, expect, patch: end, result: textResult('abc', 'text/plain') };
    assert.deepEqual(await context.store.apply([failed]), [
      { kind: 'applied', job: patched(patched(job, patch), end) },
    ]);
    assert.deepEqual(await context.store.readResult([{ id: job.id }]), [failed.result]);
    // Written again in the state that it is in.
    const later = { ...end, startedAt: NOW + 11, finishedAt: NOW + 12 };
    const again = first(await context.store.apply([{ id: job.id, expect, patch: later }]));
    assert.ok(again.kind === 'applied');
    assert.deepEqual(await readJob(context.store, job.id), again.job);
    assert.deepEqual([again.job.startedAt, again.job.finishedAt], [NOW + 11, NOW + 12]);
  }),

  test('apply clears every field that the patch sets to null', async (context) => {
    const failed = await failedJob(context);
    const cleared = { finishedAt: null, startedAt: null, deadlineAt: null, error: null, worker: null, attempts: [] };
    const patch: JobPatch = { state: 'waiting', ...cleared };
    const outcome = first(await context.store.apply([{ id: failed.id, expect: { states: ['failed'] }, patch }]));
    assert.deepEqual(outcome, { kind: 'applied', job: patched(failed, patch) });
  }),

  test('apply grows the revision by one when the patch is empty', async (context) => {
    const job = await insertJob(context);
    const outcome = first(await context.store.apply([{ id: job.id, expect: { states: ['waiting'] }, patch: {} }]));
    assert.deepEqual(outcome, { kind: 'applied', job: { ...job, revision: 2 } });
  }),

  test('apply writes nothing and answers the current job when state, fence or revision differ', async (context) => {
    await insertJob(context);
    const job = await claimOne(context);
    const guards = [
      { states: ['waiting'] },
      { states: [] },
      { states: ['running'], fence: 2 },
      { states: ['running'], revision: 1 },
      { states: ['running'], fence: 1, revision: 3 },
      { states: ['running'], fence: 0, revision: 2 },
    ] as const;
    const batch = guards.map((expect) => ({ id: job.id, expect, patch: FINAL, result: textResult('"no"') }));
    const outcomes = await context.store.apply(batch);
    assert.deepEqual(
      outcomes,
      guards.map(() => ({ kind: 'stale', job })),
    );
    assert.deepEqual(await readJob(context.store, job.id), job);
    assert.deepEqual(await context.store.readResult([{ id: job.id }]), [null]);
  }),

  test('apply writes when state, fence and revision are as expected', async (context) => {
    await insertJob(context);
    const job = await claimOne(context);
    const expect = { states: ['running', 'waiting'], fence: 1, revision: 2 } as const;
    const patch: JobPatch = { progress: { percent: 1, message: null } };
    assert.deepEqual(await context.store.apply([{ id: job.id, expect, patch }]), [
      { kind: 'applied', job: patched(job, patch) },
    ]);
  }),

  test('apply answers missing when there is no such job', async (context) => {
    const outcomes = await context.store.apply([{ id: UNKNOWN_ID, expect: { states: ['waiting'] }, patch: FINAL }]);
    assert.deepEqual(outcomes, [{ kind: 'missing' }]);
  }),

  test('apply answers in the order of the batch when outcomes are mixed', async (context) => {
    const jobs = await insertJobs(context, [{}, {}, {}]);
    const ids = [at(jobs, 2).id, UNKNOWN_ID, at(jobs, 0).id, at(jobs, 1).id];
    const batch = ids.map((id, index) => ({
      id,
      expect: { states: ['waiting'] as const, revision: index === 2 ? 9 : 1 },
      patch: FINAL,
    }));
    const outcomes = await context.store.apply(batch);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['applied', 'missing', 'stale', 'applied'],
    );
    assert.deepEqual(outcomes.map(idOf), [at(jobs, 2).id, null, at(jobs, 0).id, at(jobs, 1).id]);
  }),

  test('apply answers nothing when the batch is empty', async ({ store }) => {
    assert.deepEqual(await store.apply([]), []);
  }),

  test('apply lets one of two patches of a batch through when both name the same revision of one job', async (context) => {
    const job = await insertJob(context);
    const patch = { id: job.id, expect: { states: ['waiting'] as const, revision: 1 } };
    const outcomes = await context.store.apply([
      { ...patch, patch: { progress: { percent: 1, message: 'first' } } },
      { ...patch, patch: { progress: { percent: 2, message: 'second' } } },
    ]);
    assert.deepEqual(outcomes.map(({ kind }) => kind).toSorted(), ['applied', 'stale']);
    const stored = await readJob(context.store, job.id);
    assert.equal(stored.revision, 2);
    const applied = outcomes.find(({ kind }) => kind === 'applied');
    assert.deepEqual(applied?.kind === 'applied' && applied.job, stored);
  }),

  test('apply changes only the named jobs when a batch is large', async (context) => {
    const batch = Array.from({ length: 500 }, () => newJob(context));
    await context.store.insert(batch);
    const odd = batch.filter((_, index) => index % 2 === 1);
    const outcomes = await context.store.apply(
      odd.map(({ spec }) => ({ id: spec.id, expect: { states: ['waiting'] as const, revision: 1 }, patch: FINAL })),
    );
    assert.ok(outcomes.every(({ kind }) => kind === 'applied'));
    const reads = await context.store.read(batch.map(({ spec }) => ({ id: spec.id })));
    const states = reads.map((read) => (read.kind === 'found' ? read.job.state : read.kind));
    assert.deepEqual(
      states,
      batch.map((_, index) => (index % 2 === 1 ? 'cancelled' : 'waiting')),
    );
  }),

  ...NONSENSE.map(([words, patch]) =>
    test(`apply refuses the whole batch when a patch makes ${words}`, async (context) => {
      const [bad, innocent] = await insertJobs(context, [{}, {}]);
      assert.ok(bad !== undefined && innocent !== undefined);
      const expect = { states: ['waiting'] as const };
      const batch = [
        { id: innocent.id, expect, patch: FINAL },
        { id: bad.id, expect, patch },
      ];
      await rejectsWith(context.store.apply(batch), 'INTERNAL');
      assert.deepEqual(await readJob(context.store, innocent.id), innocent);
      assert.deepEqual(await readJob(context.store, bad.id), bad);
    }),
  ),

  test('apply does and answers the same when the caller says what it saw', async (context) => {
    const { store } = context;
    const overs = [{}, { sequenceKey: 's' }, { callbackUrl: 'http://127.0.0.1:1/hook' }, { tags: { a: '\ud800' } }];
    await insertJobs(context, [...overs, {}]);
    const jobs = (await claimSome(context, 5)).map(({ job }) => job);
    const message = { percent: 100, message: 'lone \ud800' };
    const batch = jobs.map((seen, index) => ({
      ...{ id: seen.id, expect: { states: ['running'] as const, fence: 1 }, seen, now: NOW },
      patch: {
        ...{ state: 'succeeded' as const, leaseUntil: null, worker: null, finishedAt: NOW + 5, error: null },
        ...{ progress: index === 4 ? message : { percent: 100, message: null } },
        result: { contentType: 'text/plain', bytes: 3 },
      },
      result: textResult('abc', 'text/plain'),
    }));
    await store.extend(jobs.map(({ id }) => ({ id, fence: 1, leaseUntil: NOW + 9 * LEASE_MS })));
    const outcomes = await store.apply(batch);
    for (const [index, outcome] of outcomes.entries()) {
      const job = at(jobs, index);
      assert.ok(outcome.kind === 'applied');
      assert.deepEqual(await readJob(store, job.id), outcome.job);
      assert.deepEqual([outcome.job.state, outcome.job.revision, outcome.job.leaseUntil], ['succeeded', 3, null]);
      assert.deepEqual(await store.readResult([{ id: job.id }]), [textResult('abc', 'text/plain')]);
    }
    const { jobs: count, bytes } = await store.usage(context.tenant);
    assert.deepEqual([count, bytes], [5, 5 * (2 + 3)]);
  }),

  test('apply judges by the job that is there when it is newer than what the caller saw', async (context) => {
    const { store } = context;
    await insertJobs(context, [{}, {}]);
    const [one, two] = (await claimSome(context, 2)).map(({ job }) => job);
    assert.ok(one !== undefined && two !== undefined);
    const patch = { ...FINAL, leaseUntil: null, worker: null };
    const asked = await take(store, one.id, { kind: 'cancel' }, NOW + 1);
    const reported = await take(store, two.id, { kind: 'report', fence: 1, percent: 5 });
    const outcomes = await store.apply([
      { id: one.id, expect: { states: ['running'], fence: 1, revision: 2 }, patch, seen: one },
      { id: two.id, expect: { states: ['running'], fence: 1 }, patch, seen: two },
    ]);
    assert.deepEqual(outcomes, [
      { kind: 'stale', job: asked },
      { kind: 'applied', job: patched(reported, patch) },
    ]);
    assert.deepEqual(await readJob(store, two.id), patched(reported, patch));
  }),

  test('apply follows decide through every transition of the table', async (context) => {
    const { store } = context;
    const job = await insertJob(context, { timeoutMs: 5, deadlineMs: 1_000_000 });
    await claimOne(context);
    await take(store, job.id, { kind: 'report', fence: 1, percent: 12.5, message: 'x' });
    await take(store, job.id, { kind: 'release', fence: 1 });
    const again = await claimOne(context);
    const timedOut = await take(store, again.id, { kind: 'timeOut', fence: 2, random: 0 }, NOW + 5);
    const third = await claimOne(context, timedOut.runAt);
    const late = timedOut.runAt + LEASE_MS;
    const lost = await take(store, third.id, { kind: 'lose', fence: third.fence, random: 0.5 }, late);
    const fourth = await claimOne(context, lost.runAt);
    const failed = await fail(store, fourth, false, lost.runAt);
    assert.deepEqual(
      attemptsOf(failed).map(({ error }) => error?.code),
      ['ATTEMPT_TIMED_OUT', 'WORKER_LOST', 'HANDLER_FAILED'],
    );
    const retried = await take(store, failed.id, { kind: 'retry' }, lost.runAt);
    await take(store, retried.id, { kind: 'cancel' }, lost.runAt);
    await take(store, retried.id, { kind: 'retry' }, lost.runAt + 1);
    const fifth = await claimOne(context, lost.runAt + 1);
    assert.equal(fifth.fence, 5);
    await take(store, fifth.id, { kind: 'cancel' }, lost.runAt + 2);
    const stopped = await take(store, fifth.id, { kind: 'stop', fence: 5 }, lost.runAt + 3);
    assert.equal(stopped.state, 'cancelled');
    const last = await take(store, fifth.id, { kind: 'retry' }, lost.runAt + 4);
    const expired = await take(store, last.id, { kind: 'expire' }, last.deadlineAt ?? 0);
    assert.equal(expired.state, 'expired');
    await take(store, expired.id, { kind: 'retry' }, NOW);
    const done = await succeed(store, await claimOne(context), NOW, textResult('{"ok":true}'));
    assert.equal(done.fence, 6);
  }),

  alone('apply is durable when the store is opened again', async (context) => {
    await insertJob(context);
    const done = await succeed(context.store, await claimOne(context), NOW, textResult('7'));
    const store = await context.opened.reopen();
    assert.deepEqual(await readJob(store, done.id), done);
    assert.deepEqual(await store.readResult([{ id: done.id }]), [textResult('7')]);
  }),

  test('read answers found and missing in the order of the batch, by id and by number', async (context) => {
    const [one, two] = await insertJobs(context, [{}, {}]);
    assert.ok(one !== undefined && two !== undefined);
    const refs = [{ id: two.id }, { id: UNKNOWN_ID }, { number: one.number }, { number: 9_007_199_254_740_991 }];
    assert.deepEqual(await context.store.read([...refs, { id: two.id }]), [
      { kind: 'found', job: two },
      { kind: 'missing' },
      { kind: 'found', job: one },
      { kind: 'missing' },
      { kind: 'found', job: two },
    ]);
    assert.deepEqual(await context.store.read([]), []);
  }),
];

function idOf(outcome: ApplyOutcome): string | null {
  return outcome.kind === 'missing' ? null : outcome.job.id;
}

async function failedJob(context: Parameters<typeof claimOne>[0]): Promise<Job> {
  await insertJob(context, { deadlineMs: 100 });
  return fail(context.store, await claimOne(context), false);
}
