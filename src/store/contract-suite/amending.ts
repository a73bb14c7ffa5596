/** Amending: what a waiting job was submitted with changes everywhere at once, and for no other job. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import type { Terms } from '../contract.ts';
import {
  at,
  claimOne,
  claimSome,
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

export const amending: Topic = [
  test('amend changes each of the terms, and nothing else of the job', async (context) => {
    const { store } = context;
    const job = await insertJob(context, { tags: { a: '1', b: '2' } });
    const terms = { priority: 7, runAt: NOW + 5, tags: { a: '1', c: 'ü\0"' }, deadlineMs: 900, deadlineAt: NOW + 900 };
    const amended = await amend(context, job, terms);
    assert.deepEqual(amended, { ...job, ...terms, revision: job.revision + 1 });
    assert.deepEqual(await readJob(store, job.id), amended);
    const none = { ...termsOf(amended), tags: {}, deadlineMs: null, deadlineAt: null };
    assert.deepEqual(await amend(context, amended, none), { ...amended, ...none, revision: amended.revision + 1 });
  }),

  test('amend moves the job in lists and counts by tag', async (context) => {
    const { store, tenant } = context;
    const jobs = await insertJobs(context, [{ tags: { a: '1', b: '2' } }, { tags: { a: '1' } }]);
    await amend(context, at(jobs, 0), { tags: { a: '2', b: '2', c: '3' } });
    const tagged = async (tags: Readonly<Record<string, string>>) =>
      idsOf(await store.list({ tenant, tags, limit: 9 }));
    assert.deepEqual(await tagged({ a: '1' }), [at(jobs, 1).id]);
    for (const tags of [{ a: '2' }, { b: '2' }, { c: '3' }, { a: '2', b: '2', c: '3' }]) {
      assert.deepEqual(await tagged(tags), [at(jobs, 0).id]);
    }
    assert.equal(first(await store.count({ tenant, tags: { b: '2' } })).count, 1);
  }),

  test('amend moves the job in the order of claims, and holds it back until its time', async (context) => {
    const jobs = await insertJobs(context, [{}, { priority: -1 }, {}]);
    await amend(context, at(jobs, 1), { priority: 5 });
    await amend(context, at(jobs, 0), { runAt: NOW + 10 });
    const claimed = await claimSome(context, 3);
    assert.deepEqual(
      claimed.map(({ job }) => [job.id, job.priority]),
      [
        [at(jobs, 1).id, 5],
        [at(jobs, 2).id, 0],
      ],
    );
    assert.deepEqual(
      (await claimSome(context, 3, { now: NOW + 10 })).map(({ job }) => job.id),
      [at(jobs, 0).id],
    );
  }),

  test('amend is there for the whole life of the job, and goes with it', async (context) => {
    const { store, tenant } = context;
    const job = await insertJob(context, { tags: { a: '1' } });
    await amend(context, job, { priority: 3, tags: { b: '2' }, deadlineMs: 50, deadlineAt: NOW + 50 });
    const running = await claimOne(context);
    assert.deepEqual(termsOf(running), {
      priority: 3,
      runAt: NOW,
      tags: { b: '2' },
      deadlineMs: 50,
      deadlineAt: NOW + 50,
    });
    const done = await succeed(store, running);
    assert.deepEqual(termsOf(await readJob(store, job.id)), termsOf(running));
    await store.remove([{ id: job.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(await store.list({ tenant, tags: { b: '2' }, limit: 9 }), []);
  }),

  alone('amend moves the time at which the job is overdue', async (context) => {
    const { store } = context;
    const job = await insertJob(context, { deadlineMs: 10 });
    const later = await amend(context, job, { deadlineMs: 100, deadlineAt: NOW + 100 });
    assert.deepEqual((await store.sweep({ now: NOW + 99, limit: 9 })).overdue, []);
    assert.deepEqual(idsOf((await store.sweep({ now: NOW + 100, limit: 9 })).overdue), [job.id]);
    await amend(context, later, { deadlineMs: null, deadlineAt: null });
    assert.deepEqual((await store.sweep({ now: NOW + 1_000, limit: 9 })).overdue, []);
  }),

  test('amend writes nothing to a job that does not wait or has another revision, and answers what is there', async (context) => {
    const { store } = context;
    const [running, waiting, cancelled] = await insertJobs(context, [{ priority: 9 }, { tags: { a: '1' } }, {}]);
    assert.ok(running && waiting && cancelled);
    const now = [await claimOne(context), waiting, await take(store, cancelled.id, { kind: 'cancel' })];
    const batch = [
      ...now.map((job) => ({ ...job, revision: job === waiting ? 7 : job.revision })),
      { ...waiting, id: '01900000-0000-7000-8000-000000000000' },
    ];
    const outcomes = await store.amend(
      batch.map((job) => ({
        id: job.id,
        revision: job.revision,
        terms: { ...termsOf(job), tags: { b: '2' } },
        now: NOW,
      })),
    );
    assert.deepEqual(outcomes, [...now.map((job) => ({ kind: 'stale', job })), { kind: 'missing' }]);
    for (const job of now) assert.deepEqual(await readJob(store, job.id), job);
  }),

  test('amend lets one of many through that saw the same revision', async (context) => {
    const other = (await context.opened.another?.()) ?? context.store;
    const job = await insertJob(context);
    const terms = (priority: number) => ({ ...termsOf(job), priority, tags: { by: `${priority}` } });
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        (index % 2 === 0 ? context.store : other).amend([
          { id: job.id, revision: 1, terms: terms(index + 1), now: NOW },
        ]),
      ),
    );
    assert.equal(outcomes.filter(([outcome]) => outcome?.kind === 'amended').length, 1);
    const now = await readJob(context.store, job.id);
    assert.deepEqual([now.revision, now.tags], [2, { by: `${now.priority}` }]);
    assert.equal((await context.store.list({ tenant: context.tenant, tags: now.tags, limit: 9 })).length, 1);
  }),
];

function termsOf({ priority, runAt, tags, deadlineMs, deadlineAt }: Job): Terms {
  return { priority, runAt, tags, deadlineMs, deadlineAt };
}

async function amend({ store }: Context, job: Job, over: Partial<Terms>): Promise<Job> {
  const outcome = first(
    await store.amend([{ id: job.id, revision: job.revision, terms: { ...termsOf(job), ...over }, now: NOW + 1 }]),
  );
  return outcome.kind === 'amended' ? outcome.job : assert.fail(outcome.kind);
}
