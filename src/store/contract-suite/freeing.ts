/** Ends that free their few children themselves, with nothing left to be told: `GuardedPatch.frees`. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import { FAMILY_MAX } from '../contract.ts';
import { at, claimedIds, claimOne, claimSome, idsOf, insertJob, insertJobs, readJob, succeed } from './fixtures.ts';
import { ALL, after, freeing, freeingPatch, jobsOf, settle } from './link-fixtures.ts';
import { alone, type Topic } from './suite.ts';

export const freeings: Topic = [
  alone('an end that frees its few children does so at once, and leaves nothing to be told', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const [one, two] = (await insertJobs(context, [after([parent]), after([parent], 'final')])) as [Job, Job];
    const outcome = await freeing(store, await claimOne(context));
    assert.equal(outcome.isSettled, true);
    assert.deepEqual(idsOf(outcome.freed ?? []).toSorted(), [one.id, two.id].toSorted());
    for (const job of outcome.freed ?? []) {
      assert.deepEqual([job.revision, job.marks], [one.revision + 1, { awaitsParents: false }]);
      assert.deepEqual(job, await readJob(store, job.id));
    }
    assert.deepEqual(await store.endedRead(ALL), []);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [one.id, two.id]);
  }),

  alone('a batch frees a chain link by link, and a job of two parents with the last of them', async (context) => {
    const { store } = context;
    const [left, right] = (await insertJobs(context, [{}, {}])) as [Job, Job];
    const join = await insertJob(context, after([left, right]));
    const alone = await insertJob(context, after([right]));
    const claimed = await claimSome(context, 10);
    const outcomes = await store.apply(claimed.map(({ job }) => freeingPatch(job)));
    const freed = outcomes.flatMap((outcome) => (outcome.kind === 'applied' ? (outcome.freed ?? []) : []));
    freed.push(...(await settle(store)));
    assert.deepEqual(idsOf(freed).toSorted(), [join.id, alone.id].toSorted());
    assert.deepEqual(await store.endedRead(ALL), []);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [join.id, alone.id]);
  }),

  alone(
    'an end that frees leaves large families, groups and children that wait for more to be told',
    async (context) => {
      const { store } = context;
      const [large, open, other, none] = (await insertJobs(context, [{}, {}, {}, {}])) as [Job, Job, Job, Job];
      const many = await insertJobs(
        context,
        Array.from({ length: FAMILY_MAX + 1 }, () => after([large])),
      );
      const held = await insertJob(context, after([open, other]));
      const claimed = await claimSome(context, 4);
      const [ofLarge, ofOpen, , ofNone] = [large, open, other, none].map(({ id }) => at(jobsOf(claimed, id), 0));
      const largeEnd = await freeing(store, ofLarge as Job);
      assert.deepEqual([largeEnd.freed ?? [], largeEnd.isSettled ?? false], [[], false]);
      assert.deepEqual((await freeing(store, ofOpen as Job)).freed ?? [], []);
      assert.deepEqual((await freeing(store, ofNone as Job)).freed ?? [], []);
      assert.deepEqual(idsOf(await settle(store)).toSorted(), idsOf(many).toSorted());
      assert.equal((await readJob(store, held.id)).marks?.awaitsParents, true);
    },
  ),

  alone('an end that is refused frees nobody, and neither does one that is no success', async (context) => {
    const { store } = context;
    const [refused, failed] = (await insertJobs(context, [{}, {}])) as [Job, Job];
    const children = await insertJobs(context, [after([refused]), after([failed], 'final')]);
    const [one, two] = (await claimSome(context, 2)).map(({ job }) => job) as [Job, Job];
    const { seen, expect, ...rest } = freeingPatch(one);
    const [stale] = await store.apply([{ ...rest, expect: { ...expect, fence: one.fence + 1 } }]);
    assert.equal(stale?.kind, 'stale');
    const { patch, ...item } = freeingPatch(two);
    const [applied] = await store.apply([{ ...item, patch: { ...patch, state: 'cancelled', result: null } }]);
    assert.ok(applied?.kind === 'applied');
    assert.deepEqual(applied.freed ?? [], []);
    assert.deepEqual(idsOf(await settle(store)), [at(children, 1).id]);
    assert.equal((await readJob(store, at(children, 0).id)).marks?.awaitsParents, true);
  }),

  alone('an end that frees a child of a sequence or under a limit keeps to both', async (context) => {
    const { store } = context;
    const parent = await insertJob(context, { sequenceKey: 's' });
    const limit = { key: 'k', concurrency: 1 };
    const keyed = await insertJob(context, { terms: { ...after([parent]).terms, limit } });
    const behind = await insertJob(context, { ...after([parent]), sequenceKey: 's' });
    const other = await insertJob(context, { terms: { limit } });
    const claimed = await claimSome(context, 10);
    assert.deepEqual(claimedIds(claimed).toSorted(), [parent.id, other.id].toSorted());
    const freed = [
      ...((await freeing(store, at(jobsOf(claimed, parent.id), 0))).freed ?? []),
      ...(await settle(store)),
    ];
    assert.deepEqual(idsOf(freed).toSorted(), [keyed.id, behind.id].toSorted());
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [behind.id]);
    await succeed(store, await readJob(store, other.id));
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [keyed.id]);
  }),
];
