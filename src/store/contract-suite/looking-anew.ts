/** Jobs that look at their parents anew, after a retry or a restore: nobody frees them before they have. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import {
  at,
  claimedIds,
  claimOne,
  claimSome,
  dumped,
  fail,
  idsOf,
  insertJob,
  insertJobs,
  NOW,
  readJob,
  succeed,
  take,
} from './fixtures.ts';
import { ALL, after, freeing, handles, settle } from './link-fixtures.ts';
import { alone, type Context, type Topic } from './suite.ts';

export const lookingAnew: Topic = [
  alone('a job that is retried looks at its parents again', async (context) => {
    const { store } = context;
    const [parent, other] = (await insertJobs(context, [{}, {}])) as [Job, Job];
    const child = await insertJob(context, after([parent, other]));
    await fail(store, await claimOne(context), false);
    await settle(store);
    assert.equal((await readJob(store, child.id)).state, 'failed');
    await take(store, parent.id, { kind: 'retry' });
    await settle(store);
    await take(store, child.id, { kind: 'retry' });
    assert.deepEqual(await settle(store), []);
    const claimed = await claimSome(context, 10);
    assert.deepEqual(claimedIds(claimed), [parent.id, other.id]);
    for (const { job } of claimed) {
      await succeed(store, job);
      assert.equal((await settle(store)).length, job.id === other.id ? 1 : 0);
    }
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [child.id]);
  }),

  alone('a job that is retried is free when its parents have been removed', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const child = await insertJob(context, after([parent]));
    const failed = await fail(store, await claimOne(context), false);
    await settle(store);
    await store.remove([{ id: failed.id, revision: failed.revision, now: NOW, goneUntil: NOW + 10 }]);
    await take(store, child.id, { kind: 'retry' });
    assert.deepEqual(await claimSome(context, 10), []);
    assert.deepEqual(idsOf(await settle(store)), [child.id]);
  }),

  alone('an end frees no child that is to look at its parents anew', async (context) => {
    const { store } = context;
    const [bad, good] = (await insertJobs(context, [{}, {}])) as [Job, Job];
    const child = await insertJob(context, after([bad, good]));
    await fail(store, await claimOne(context), false);
    await settle(store);
    await take(store, child.id, { kind: 'retry' });
    const running = await claimOne(context);
    assert.equal(running.id, good.id);
    const outcome = await freeing(store, running);
    assert.deepEqual([outcome.freed ?? [], outcome.isSettled ?? false], [[], false]);
    assert.equal((await readJob(store, child.id)).marks?.awaitsParents, true);
    assert.deepEqual(await settle(store), []);
    assert.equal((await readJob(store, child.id)).error?.code, 'PARENT_FAILED');
  }),

  alone('an end that was read before a job was retried does not free it', async (context) => {
    const { store } = context;
    const { bad, good, child } = await failedChild(context);
    await succeed(store, good);
    const told = await store.endedRead(ALL);
    const links = await store.linkRead({ parents: [good.number], ...ALL });
    assert.deepEqual([told.map(numberOf), links.length], [[good.number], 1]);
    await take(store, child.id, { kind: 'retry' });
    assert.deepEqual(await store.linkClose({ links, now: NOW }), []);
    await store.endedDrop(told);
    assert.deepEqual(await settle(store), []);
    assert.deepEqual((await readJob(store, child.id)).error?.details, { parent: bad.id, state: 'failed' });
  }),

  alone(
    'a job that has looked at its parents anew is freed by whoever is the last, though its retry is told still',
    async (context) => {
      const { store } = context;
      const { bad, good, child } = await failedChild(context);
      await take(store, bad.id, { kind: 'retry' });
      await settle(store);
      await take(store, child.id, { kind: 'retry' });
      const told = await store.endedRead(ALL);
      assert.deepEqual(await store.linkJoin({ children: [child.number], now: NOW }), []);
      for (const parent of [good, await claimOne(context)]) await succeed(store, parent);
      assert.deepEqual(idsOf(await settle(store)), [child.id]);
      await store.endedDrop(told);
      assert.deepEqual(await store.endedRead(ALL), []);
    },
  ),

  alone(
    'no job is freed of a parent that is failed, whoever ends the other one while it is retried',
    async (context) => {
      const stores = await handles(context);
      const store = (place: number) => at(stores, place % stores.length);
      for (let round = 0; round < 12; round += 1) {
        const { bad, good, child } = await failedChild(context);
        await Promise.all([
          take(store(round), child.id, { kind: 'retry' }),
          succeed(store(round + 1), good),
          ...stores.map(settle),
        ]);
        for (const one of stores) await settle(one);
        const now = await readJob(context.store, child.id);
        assert.deepEqual(
          now.error?.details,
          { parent: bad.id, state: 'failed' },
          `round ${round}: ${JSON.stringify(now)}`,
        );
      }
    },
  ),

  alone('a store that was restored from the middle of things frees and fails the same jobs', async (context) => {
    const { store } = context;
    const [ended, failed, open] = (await insertJobs(context, [{}, {}, {}])) as [Job, Job, Job];
    const children = await insertJobs(context, [after([ended]), after([failed]), after([ended, open]), after([ended])]);
    await succeed(store, await claimOne(context));
    await fail(store, await claimOne(context), false);
    await take(store, at(children, 3).id, { kind: 'cancel' });
    const other = await context.openEmpty();
    await other.restore(await dumped(store));
    assert.deepEqual(await claimSome({ ...context, store: other }, 1), [
      { job: await readJob(other, open.id), input: '{}' },
    ]);
    assert.deepEqual(idsOf(await settle(other)), [at(children, 0).id]);
    assert.equal((await readJob(other, at(children, 1).id)).error?.code, 'PARENT_FAILED');
    await succeed(other, await readJob(other, open.id));
    assert.deepEqual(idsOf(await settle(other)), [at(children, 2).id]);
    const listed = await other.linkChildren({ parent: ended.number, after: 0, limit: 10 });
    assert.deepEqual(
      listed,
      [0, 2, 3].map((place) => at(children, place).number),
    );
  }),
];

function numberOf({ number }: Pick<Job, 'number'>): number {
  return number;
}

/** A job that has failed for one of its parents, while the other one runs. */
async function failedChild(context: Context): Promise<{ readonly bad: Job; readonly good: Job; readonly child: Job }> {
  const { store } = context;
  const [bad, good] = (await insertJobs(context, [{}, {}])) as [Job, Job];
  const child = await insertJob(context, after([bad, good]));
  await fail(store, await claimOne(context), false);
  await settle(store);
  assert.equal((await readJob(store, child.id)).state, 'failed');
  const running = await claimOne(context);
  assert.equal(running.id, good.id);
  return { bad, good: running, child };
}
