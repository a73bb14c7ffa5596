/** Jobs that come after others: linked when they come in, held until their last link is closed, never forgotten and never freed early. */
import assert from 'node:assert/strict';
import { uuidv7 } from 'uuidv7';
import type { AfterPolicy } from '../../core/after/after.ts';
import type { Job } from '../../core/job.ts';
import type { InsertOutcome, Store } from '../contract.ts';
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
  NOW,
  newJob,
  readJob,
  succeed,
  take,
} from './fixtures.ts';
import { ALL, after, CLAIM, handles, settle } from './link-fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

export const links: Topic = [
  alone('insert holds a job until its parents have ended and its links are closed', async (context) => {
    const { store } = context;
    const parents = await insertJobs(context, [{}, {}]);
    const child = await insertJob(context, after(parents));
    assert.deepEqual(child.marks, { awaitsParents: true });
    for (const parent of parents) {
      const now = await readJob(store, parent.id);
      assert.deepEqual([now.marks, now.revision], [{ isAwaited: true }, 2]);
    }
    assert.deepEqual(claimedIds(await claimSome(context, 10)), idsOf(parents));
    await succeed(store, await readJob(store, at(parents, 0).id));
    assert.deepEqual(await settle(store), []);
    assert.deepEqual(await claimSome(context, 10), []);
    await succeed(store, await readJob(store, at(parents, 1).id));
    const freed = first(await settle(store));
    assert.deepEqual([freed.id, freed.revision, freed.marks], [child.id, child.revision + 1, { awaitsParents: false }]);
    assert.deepEqual(freed, await readJob(store, child.id));
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [child.id]);
    assert.deepEqual(await store.endedRead(ALL), []);
  }),

  alone('insert tells again of a parent that has ended, however often', async (context) => {
    const { store } = context;
    await insertJob(context);
    const parent = await succeed(store, await claimOne(context));
    const children = await insertJobs(context, [after([parent]), after([parent])]);
    const told = await store.endedRead(ALL);
    assert.ok(told.length > 0 && told.every(({ id, state }) => id === parent.id && state === 'succeeded'));
    assert.deepEqual(await claimSome(context, 10), []);
    assert.deepEqual(idsOf(await settle(store)), idsOf(children));
  }),

  alone('insert tells again of a parent that has ended while its end is dropped', async (context) => {
    const { store } = context;
    await insertJob(context);
    const parent = await succeed(store, await claimOne(context));
    await insertJob(context, after([parent]));
    const told = await store.endedRead(ALL);
    const links = await store.linkRead({ parents: [parent.number], ...ALL });
    const late = await insertJob(context, after([parent]));
    await store.linkClose({ links, now: NOW });
    await store.endedDrop(told);
    assert.deepEqual(idsOf(await settle(store)), [late.id]);
  }),

  test('insert stores no job that comes after one that its tenant does not have', async (context) => {
    const { store } = context;
    const mine = await insertJob(context);
    const foreign = await insertJob({ ...context, tenant: `${context.tenant}-2` });
    const gone = await fail(store, await take(store, mine.id, CLAIM), false);
    await store.remove([{ id: gone.id, revision: gone.revision, now: NOW, goneUntil: NOW + 10 }]);
    const there = await insertJob(context);
    for (const id of [uuidv7(), foreign.id, gone.id, 'no id']) {
      const own = newJob(context, { ...after([there, { id }]), sequenceKey: 's' });
      const other = newJob(context);
      assert.deepEqual((await store.insert([own, other])).map(kindAndId), [['noParent', id], ['created']]);
      assert.deepEqual(await store.read([{ id: own.spec.id }]), [{ kind: 'missing' }]);
    }
    assert.equal((await readJob(store, foreign.id)).marks, null);
    const self = newJob(context);
    const selfish = { ...self, spec: { ...self.spec, ...after([self.spec]) } };
    assert.deepEqual((await store.insert([selfish])).map(kindAndId), [['noParent', self.spec.id]]);
  }),

  test('insert leaves the parent of a replay as it is when the job that it repeats is in the same batch', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const key = { idempotencyKey: 'k', requestHash: 'h' };
    const [job, replay] = await store.insert([newJob(context, key), newJob(context, { ...after([parent]), ...key })]);
    assert.deepEqual([job?.kind, replay?.kind], ['created', 'existing']);
    assert.deepEqual(await readJob(store, parent.id), parent);
  }),

  test('insert answers a replay with the earlier job when its parents are gone', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const key = { idempotencyKey: 'k', requestHash: 'h' };
    const [child] = await insertJobs(context, [{ ...after([parent]), ...key }]);
    const done = await take(store, parent.id, { kind: 'cancel' });
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 10 }]);
    const replay = first(await store.insert([newJob(context, { ...after([parent]), ...key })]));
    assert.ok(replay.kind === 'existing');
    assert.equal(replay.job.id, child?.id);
    const other = await store.insert([newJob(context, { ...after([parent]), ...key, requestHash: 'i' })]);
    assert.equal(first(other).kind, 'conflict');
  }),

  alone('linkRead tells of open links by parent and child, and closed ones are none', async (context) => {
    const { store } = context;
    const [one, two] = (await insertJobs(context, [{}, {}])) as [Job, Job];
    const children = await insertJobs(context, [after([one, two]), after([two], 'final')]);
    const parents = [one.number, two.number];
    const all = await store.linkRead({ parents, ...ALL });
    const shown = (parent: Job, place: number, policy: AfterPolicy) => {
      const { number: child, id: childId } = at(children, place);
      return { parent: parent.number, child, childId, policy };
    };
    const wanted = [shown(one, 0, 'succeeded'), shown(two, 0, 'succeeded'), shown(two, 1, 'final')];
    assert.deepEqual(all, wanted);
    assert.deepEqual(await store.linkRead({ parents: parents.toReversed(), ...ALL }), wanted);
    assert.deepEqual(await store.linkRead({ parents: parents.toReversed(), limit: 2 }), wanted.slice(0, 2));
    assert.deepEqual(await store.linkClose({ links: all.slice(0, 1), now: NOW }), []);
    assert.deepEqual(await store.linkRead({ parents, ...ALL }), wanted.slice(1));
    const { number: parent } = two;
    assert.deepEqual(await store.linkChildren({ parent, after: 0, limit: 10 }), children.map(numberOf));
    assert.deepEqual(await store.linkChildren({ parent, after: at(children, 0).number, limit: 1 }), [
      at(children, 1).number,
    ]);
  }),

  alone('linkClose frees a child in its sequence alone, and may come twice', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const child = await insertJob(context, { ...after([parent]), sequenceKey: 's' });
    const next = await insertJob(context, { sequenceKey: 's' });
    await succeed(store, await claimOne(context));
    const open = await store.linkRead({ parents: [parent.number], ...ALL });
    assert.deepEqual(idsOf(await store.linkClose({ links: open, now: NOW })), [child.id]);
    assert.deepEqual(await store.linkClose({ links: open, now: NOW }), []);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [child.id]);
    await succeed(store, await readJob(store, child.id));
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [next.id]);
  }),

  alone('what a signal brings is no mark, and stays as it is', async (context) => {
    const { store } = context;
    const value = { awaitsParents: true, isAwaited: true };
    const signals = { a: { value, at: NOW } };
    const parent = await insertJob(context);
    const held = await insertJob(context, after([parent]));
    const expect = { states: ['waiting'] as const };
    await store.apply([{ id: held.id, expect, patch: { marks: { signals, awaitsParents: true } } }]);
    const plain = await insertJob(context);
    await store.apply([{ id: plain.id, expect, patch: { marks: { signals } } }]);
    await take(store, plain.id, { kind: 'cancel' });
    assert.deepEqual(await store.endedRead(ALL), []);
    await take(store, plain.id, { kind: 'retry' });
    assert.deepEqual(await store.endedRead(ALL), []);
    const claimed = await claimSome(context, 10);
    assert.deepEqual(claimedIds(claimed), [parent.id, plain.id]);
    await succeed(store, await readJob(store, parent.id));
    const freed = first(await settle(store));
    assert.deepEqual(freed.marks, { awaitsParents: false, signals });
  }),

  alone('a freed job under a limit gets its ticket, and one that is held takes none', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const limit = { key: 'k', concurrency: 1 };
    const held = await insertJob(context, { terms: { ...after([parent]).terms, limit } });
    const other = await insertJob(context, { terms: { limit } });
    assert.deepEqual(claimedIds(await claimSome(context, 10)).toSorted(), [parent.id, other.id].toSorted());
    await succeed(store, await readJob(store, parent.id));
    assert.deepEqual(idsOf(await settle(store)), [held.id]);
    assert.deepEqual(await claimSome(context, 10), []);
    await succeed(store, await readJob(store, other.id));
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [held.id]);
  }),

  alone('a held job is cancelled, amended and given up like any that waits', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const [one, two, three] = (await insertJobs(context, [after([parent]), after([parent]), after([parent])])) as [
      Job,
      Job,
      Job,
    ];
    const { tags, runAt, deadlineMs, deadlineAt } = two;
    const terms = { priority: 9, tags, runAt, deadlineMs, deadlineAt };
    const amended = first(await store.amend([{ id: two.id, revision: two.revision, terms, now: NOW }]));
    assert.equal(amended.kind, 'amended');
    await take(store, one.id, { kind: 'cancel' });
    const failed = await take(store, three.id, { kind: 'giveUp', parent: { id: parent.id, state: 'failed' } });
    assert.deepEqual([failed.state, failed.error?.code], ['failed', 'PARENT_FAILED']);
    assert.deepEqual(claimedIds(await claimSome(context, 10)), [parent.id]);
    await succeed(store, await readJob(store, parent.id));
    assert.deepEqual(idsOf(await settle(store)), [two.id]);
  }),

  alone('a parent that was removed before its children were told still tells them', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const child = await insertJob(context, after([parent]));
    const failed = await fail(store, await claimOne(context), false);
    await store.remove([{ id: failed.id, revision: failed.revision, now: NOW, goneUntil: NOW + 10 }]);
    await settle(store);
    assert.equal((await readJob(store, child.id)).error?.code, 'PARENT_FAILED');
  }),

  alone('remove takes the links of a child along', async (context) => {
    const { store } = context;
    const parent = await insertJob(context);
    const child = await insertJob(context, after([parent]));
    const done = await take(store, child.id, { kind: 'cancel' });
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 10 }]);
    assert.deepEqual(await store.linkChildren({ parent: parent.number, after: 0, limit: 10 }), []);
    assert.deepEqual(await store.linkRead({ parents: [parent.number], ...ALL }), []);
  }),

  alone('nothing is forgotten and nothing freed early when parents end while children come in', async (context) => {
    const stores = await handles(context);
    const rounds = 12;
    for (let round = 0; round < rounds; round += 1) {
      const parents = await insertJobs(context, [{}, {}, {}]);
      const inserts = stores.flatMap((store) =>
        [0, 1, 2].map((place) => insertAfter(context, store, at(parents, place))),
      );
      const ends = parents.map((parent, place) => endOne(context, at(stores, place % stores.length), parent));
      const settles = stores.map((store) => settle(store));
      const children = (await Promise.all(inserts)).flat();
      await Promise.all([...ends, ...settles]);
      for (const store of stores) await settle(store);
      for (const child of children) {
        const now = await readJob(context.store, child.id);
        assert.deepEqual(now.marks?.awaitsParents, now.state === 'failed', `round ${round}: ${JSON.stringify(now)}`);
      }
      const free = children.length - (await failedOf(context, children));
      const claimed = await claimSome(context, 100);
      assert.equal(claimed.length, free, `round ${round}`);
      for (const { job } of claimed) await succeed(context.store, job);
    }
    assert.deepEqual(await context.store.endedRead(ALL), []);
  }),
];

function numberOf({ number }: Job): number {
  return number;
}

function kindAndId(outcome: InsertOutcome): readonly unknown[] {
  return outcome.kind === 'noParent' ? [outcome.kind, outcome.id] : [outcome.kind];
}

async function insertAfter(context: Context, store: Store, parent: Job): Promise<readonly Job[]> {
  const batch = [newJob(context, after([parent])), newJob(context, after([parent], 'final'))];
  for (const outcome of await store.insert(batch)) assert.equal(outcome.kind, 'created');
  return Promise.all(batch.map(({ spec }) => readJob(store, spec.id)));
}

/** As long as something else comes in between. */
async function endOne(context: Context, store: Store, parent: Job): Promise<void> {
  const patch = { state: 'cancelled', finishedAt: NOW, cancelRequestedAt: NOW } as const;
  const isWell = parent.number % 2 === 0;
  const end = isWell ? ({ ...patch, state: 'succeeded' } as const) : patch;
  const frees = parent.number % 4 < 2;
  const outcome = first(await store.apply([{ id: parent.id, expect: { states: ['waiting'] }, patch: end, frees }]));
  assert.equal(outcome.kind, 'applied', context.tenant);
}

async function failedOf({ store }: Context, jobs: readonly Job[]): Promise<number> {
  const now = await Promise.all(jobs.map(({ id }) => readJob(store, id)));
  return now.filter(({ state }) => state === 'failed').length;
}
