/** Jobs that come after others: linked when they come in, held until their last link is closed, never forgotten and never freed early. */
import assert from 'node:assert/strict';
import { uuidv7 } from 'uuidv7';
import type { AfterPolicy } from '../../core/after/after.ts';
import type { Job, JobSpec } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import { FAMILY_MAX, type Freed, type GuardedPatch, type InsertOutcome, type Store } from '../contract.ts';
import {
  at,
  claimedIds,
  claimOne,
  claimSome,
  dumped,
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
import { alone, type Context, type Topic, test } from './suite.ts';

const ALL = { limit: 1_000 };

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

const CLAIM = { kind: 'claim', worker: 'w', leaseMs: 1_000 } as const;

function after(parents: readonly Pick<Job, 'id'>[], policy: AfterPolicy = 'succeeded'): Partial<JobSpec> {
  return { terms: { after: { ids: parents.map(({ id }) => id), policy } } };
}

function numberOf({ number }: Job): number {
  return number;
}

function kindAndId(outcome: InsertOutcome): readonly unknown[] {
  return outcome.kind === 'noParent' ? [outcome.kind, outcome.id] : [outcome.kind];
}

/** All that follows from ends, as the engine does it; the jobs that were freed. */
async function settle(store: Store): Promise<readonly Job[]> {
  const freed: Job[] = [];
  for (let portion = await store.endedRead(ALL); portion.length > 0; portion = await store.endedRead(ALL)) {
    const waiting = portion.filter(({ state }) => state === 'waiting').map(({ number }) => number);
    freed.push(...(await store.linkJoin({ children: waiting, now: NOW })));
    for (const end of portion) {
      if (!isFinal(end.state)) continue;
      const open = await store.linkRead({ parents: [end.number], ...ALL });
      for (const { childId, policy } of open) {
        if (policy === 'succeeded' && end.state !== 'succeeded') await giveUp(store, childId, end);
      }
      freed.push(...(await store.linkClose({ links: open, now: NOW })));
    }
    await store.endedDrop(portion);
  }
  return freed;
}

/** Unless another one did. */
async function giveUp(store: Store, id: string, { id: parent, state }: Pick<Job, 'id' | 'state'>): Promise<void> {
  const job = await readJob(store, id);
  if (job.state !== 'waiting') return;
  const details = { parent, state };
  const error = { code: 'PARENT_FAILED', message: 'A parent failed.', details };
  const patch = { state: 'failed', finishedAt: NOW, error } as const;
  await store.apply([{ id, expect: { states: ['waiting'], revision: job.revision }, patch }]);
}

async function insertAfter(context: Context, store: Store, parent: Job): Promise<readonly Job[]> {
  const batch = [newJob(context, after([parent])), newJob(context, after([parent], 'final'))];
  for (const outcome of await store.insert(batch)) assert.equal(outcome.kind, 'created');
  return Promise.all(batch.map(({ spec }) => readJob(store, spec.id)));
}

function jobsOf(claimed: Awaited<ReturnType<typeof claimSome>>, id: string): readonly Job[] {
  return claimed.flatMap(({ job }) => (job.id === id ? [job] : []));
}

/** The end of a job that was claimed, as the engine writes it where somebody waits for it. */
function freeingPatch(job: Job): GuardedPatch {
  const patch = { state: 'succeeded', finishedAt: NOW, leaseUntil: null } as const;
  return { id: job.id, expect: { states: ['running'], fence: job.fence }, patch, seen: job, frees: true };
}

async function freeing(store: Store, job: Job): Promise<Freed> {
  const outcome = first(await store.apply([freeingPatch(job)]));
  assert.ok(outcome.kind === 'applied');
  return outcome;
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

async function handles({ store, opened }: Context): Promise<readonly Store[]> {
  if (opened.another === undefined) return [store];
  return [store, await opened.another(), await opened.another()];
}
