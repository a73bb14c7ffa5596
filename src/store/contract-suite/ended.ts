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
    assert.deepEqual(await told(store), ends.map(endOf));
    assert.equal((await store.endedRead({ limit: 2 })).length, 2);
  }),

  alone(
    'endedRead tells of an end whose caller says what it saw, and of none that was not written',
    async (context) => {
      const { store } = context;
      await insertJobs(context, [{}, {}]);
      const seen = await marked(store, await claimOne(context));
      const other = await claimOne(context);
      const patch = { state: 'succeeded', finishedAt: NOW, leaseUntil: null } as const;
      const ends = [seen, { ...seen, revision: seen.revision - 1 }, other].map((job) => {
        return { id: job.id, expect: { states: ['running'] as const, revision: job.revision }, patch, seen: job };
      });
      const outcomes = await store.apply(ends);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['applied', 'stale', 'applied'],
      );
      assert.deepEqual(await told(store), [endOf({ ...seen, state: 'succeeded', revision: seen.revision + 1 })]);
    },
  ),

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
    assert.deepEqual(await told(store), [failed, again, done].map(endOf));
  }),

  alone('endedDrop leaves what came since, though no other is there', async (context) => {
    const { store } = context;
    const places: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await marked(store, await insertJob(context));
      await succeed(store, await claimOne(context));
      const all = await store.endedRead(ALL);
      places.push(...all.map(({ place }) => place));
      await store.endedDrop(all);
    }
    assert.equal(new Set(places).size, 3);
  }),

  alone('endedDrop drops what it is given and nothing else, and may come twice', async (context) => {
    const { store } = context;
    for (const job of await insertJobs(context, [{}, {}])) await marked(store, job);
    const one = await succeed(store, await claimOne(context));
    const other = await succeed(store, await claimOne(context));
    const [first, second] = await store.endedRead(ALL);
    assert.deepEqual([first?.id, second?.id], [one.id, other.id]);
    const stranger = { place: (second?.place ?? 0) + 1 };
    for (let round = 0; round < 2; round += 1) await store.endedDrop(first === undefined ? [] : [first, stranger]);
    assert.deepEqual(await told(store), [endOf(other)]);
    await store.endedDrop([]);
  }),

  alone('endedRead tells of a job that was removed since', async (context) => {
    const { store } = context;
    await marked(store, await insertJob(context));
    const done = await succeed(store, await claimOne(context));
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 10 }]);
    assert.deepEqual(await told(store), [endOf(done)]);
  }),

  alone('restore tells again of the ends of jobs that somebody waits for', async (context) => {
    const { store } = context;
    await marked(store, await insertJob(context));
    const done = await succeed(store, await claimOne(context));
    await insertJob(context);
    await succeed(store, await claimOne(context));
    await store.endedDrop(await store.endedRead(ALL));
    const other = await context.openEmpty();
    await other.restore(await dumped(store));
    assert.deepEqual(await told(other), [endOf(done)]);
  }),
];

/** As whoever waits for its end marks it. */
async function marked(store: Store, job: Job): Promise<Job> {
  const expect = { states: [job.state], revision: job.revision };
  const outcome = first(await store.apply([{ id: job.id, expect, patch: { marks: { isAwaited: true } } }]));
  assert.ok(outcome.kind === 'applied');
  return outcome.job;
}

/** All but their places. */
async function told(store: Store): Promise<readonly Omit<EndedJob, 'place'>[]> {
  return (await store.endedRead(ALL)).map(({ place, ...end }) => end);
}

function endOf({ number, revision, id, tenant, state }: Job): Omit<EndedJob, 'place'> {
  return { number, revision, id, tenant, state };
}
