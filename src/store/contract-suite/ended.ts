/** Ends that somebody waits for: written down with the change, each until it is dropped. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import type { EndedJob, Store } from '../contract.ts';
import { at, claimOne, dumped, fail, first, insertJob, insertJobs, NOW, succeed, take } from './fixtures.ts';
import { alone, type Topic } from './suite.ts';

const ALL = { limit: 1_000 };

export const ended: Topic = [
  alone('endedRead tells of a job that ended while somebody waits for it, however it ended', async (context) => {
    const { store } = context;
    const jobs = await insertJobs(context, [{}, {}, {}, { deadlineMs: 10 }]);
    for (const job of jobs) await marked(store, job);
    const ends = [
      await succeed(store, await claimOne(context)),
      await fail(store, await claimOne(context), false),
      await take(store, at(jobs, 2).id, { kind: 'cancel' }),
      await take(store, at(jobs, 3).id, { kind: 'expire' }, NOW + 10),
    ];
    assert.deepEqual(await store.endedRead(ALL), ends.map(endOf));
    assert.deepEqual(await store.endedRead({ limit: 2 }), ends.slice(0, 2).map(endOf));
  }),

  alone('endedRead tells nothing of jobs that nobody waits for, and of changes that are no end', async (context) => {
    const { store } = context;
    await insertJobs(context, [{}, {}]);
    await succeed(store, await claimOne(context));
    const running = await marked(store, await claimOne(context));
    await take(store, running.id, { kind: 'report', fence: running.fence, percent: 5 });
    await fail(store, running, true);
    assert.deepEqual(await store.endedRead(ALL), []);
  }),

  alone('endedRead tells of a retry too, and keeps each change apart', async (context) => {
    const { store } = context;
    await marked(store, await insertJob(context));
    const failed = await fail(store, await claimOne(context), false);
    const again = await take(store, failed.id, { kind: 'retry' });
    const done = await succeed(store, await claimOne(context));
    assert.deepEqual(await store.endedRead(ALL), [failed, again, done].map(endOf));
  }),

  alone('endedDrop drops what it is given and nothing else, and may come twice', async (context) => {
    const { store } = context;
    for (const job of await insertJobs(context, [{}, {}])) await marked(store, job);
    const one = await succeed(store, await claimOne(context));
    const other = await succeed(store, await claimOne(context));
    const stranger = { number: other.number, revision: other.revision + 1 };
    for (let round = 0; round < 2; round += 1) await store.endedDrop([one, stranger]);
    assert.deepEqual(await store.endedRead(ALL), [endOf(other)]);
    await store.endedDrop([]);
  }),

  alone('endedRead tells of a job that was removed since', async (context) => {
    const { store } = context;
    await marked(store, await insertJob(context));
    const done = await succeed(store, await claimOne(context));
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 10 }]);
    assert.deepEqual(await store.endedRead(ALL), [endOf(done)]);
  }),

  alone('restore tells again of the ends of jobs that somebody waits for', async (context) => {
    const { store } = context;
    await marked(store, await insertJob(context));
    const done = await succeed(store, await claimOne(context));
    await insertJob(context);
    await succeed(store, await claimOne(context));
    await store.endedDrop([done]);
    const other = await context.openEmpty();
    await other.restore(await dumped(store));
    assert.deepEqual(await other.endedRead(ALL), [endOf(done)]);
  }),
];

/** As whoever waits for its end marks it. */
async function marked(store: Store, job: Job): Promise<Job> {
  const expect = { states: [job.state], revision: job.revision };
  const outcome = first(await store.apply([{ id: job.id, expect, patch: { marks: { isAwaited: true } } }]));
  assert.ok(outcome.kind === 'applied');
  return outcome.job;
}

function endOf({ number, revision, id, tenant, state }: Job): EndedJob {
  return { number, revision, id, tenant, state };
}
