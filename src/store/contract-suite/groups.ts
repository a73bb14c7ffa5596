/** Groups: members all or none, each counted once, one end. */
import assert from 'node:assert/strict';
import { uuidv7 } from 'uuidv7';
import { type FollowUp, type Group, groupEnd, groupOf } from '../../core/groups/group.ts';
import { groupIdOf as groupIdOfJob, type Job, type JobSpec } from '../../core/job.ts';
import type { GroupInsert, NewJob, Store } from '../contract.ts';
import {
  at,
  claimOne,
  dumped,
  fail,
  first,
  idsOf,
  insertJob,
  insertJobs,
  NOW,
  newJob,
  readJob,
  rejectsWith,
  specOf,
  succeed,
  take,
} from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

const BOUNDS = { groupsMax: 1_000, membersMax: 1_000 };

function followUpOf(context: Context): FollowUp {
  return { spec: specOf(context, { type: `after ${context.type}` }), delayMs: 0, input: { to: 'ops' } };
}

function newGroup(context: Context, over: Partial<Group> = {}): Group {
  const asked = { type: `after ${context.type}`, jobId: null };
  const spec = {
    id: uuidv7(),
    tenant: context.tenant,
    createdAt: NOW,
    retainMs: 1_000,
    followUps: { always: asked, onSuccess: asked },
    idempotencyKey: null,
    requestHash: null,
  };
  return { ...groupOf(spec), ...over };
}

function memberOf(context: Context, group: Pick<Group, 'id'>, over: Partial<JobSpec> = {}): NewJob {
  return newJob(context, { ...over, terms: { group: group.id } });
}

function insertOf(context: Context, group: Group, over: Partial<GroupInsert> = {}): GroupInsert {
  const followUp = followUpOf(context);
  const followUps = { always: followUp, onSuccess: followUp };
  return { group, followUps, jobs: [], ids: [], isClosed: false, now: NOW, ...BOUNDS, ...over };
}

/** A closed group with so many new members. */
async function closedGroup(context: Context, members: number): Promise<Group> {
  const group = newGroup(context);
  const jobs = Array.from({ length: members }, () => memberOf(context, group));
  return (await context.store.groupInsert(insertOf(context, group, { jobs, isClosed: true }))).group;
}

async function readGroup(store: Store, { tenant, id }: Pick<Group, 'tenant' | 'id'>): Promise<Group> {
  const [group] = await store.groupRead([{ tenant, id }]);
  assert.ok(group);
  return group;
}

/** What the engine does with the ends of jobs. */
async function settled(store: Store): Promise<readonly Group[]> {
  const ended = await store.endedRead({ limit: 1_000 });
  const groups = await store.groupSettle(ended);
  await store.endedDrop(ended);
  return groups;
}

/** What the engine does with a complete group. */
async function fire(store: Store, { tenant, id }: Group) {
  const due = (await store.groupDue({ limit: 1_000 })).find(({ group }) => group.id === id && group.tenant === tenant);
  if (due === undefined) return null;
  const { group, jobs } = groupEnd(due.group, due.followUps, NOW + 5, uuidv7);
  return { group, jobs, numbers: await store.groupFire({ group, jobs }) };
}

const NO_COUNTS = { succeeded: 0, failed: 0, cancelled: 0, expired: 0 };

export const groups: Topic = [
  test('groupInsert writes a group with its first members, which know it and are told of', async (context) => {
    const { store, tenant } = context;
    const group = newGroup(context);
    const jobs = [memberOf(context, group), memberOf(context, group, { sequenceKey: 's' })];
    const written = await store.groupInsert(insertOf(context, group, { jobs }));
    assert.deepEqual(written.group, { ...group, total: 2 });
    assert.deepEqual([written.isExisting, written.joined], [false, []]);
    assert.deepEqual(await readGroup(store, group), written.group);
    for (const [index, { spec }] of jobs.entries()) {
      const job = await readJob(store, spec.id);
      assert.equal(job.number, written.numbers[index]);
      assert.deepEqual([groupIdOfJob(job), job.marks, job.revision], [group.id, { isAwaited: true }, 1]);
    }
    assert.deepEqual(
      await store.groupRead([
        { tenant: 'other', id: group.id },
        { tenant, id: uuidv7() },
        { tenant, id: 'x' },
      ]),
      [null, null, null],
    );
  }),

  test('groupInsert with an idempotency key answers with the first group, until that one is over', async (context) => {
    const { store, tenant } = context;
    const key = { idempotencyKey: 'key', requestHash: 'hash' };
    const group = newGroup(context, key);
    await store.groupInsert(insertOf(context, group, { jobs: [memberOf(context, group)] }));
    const again = newGroup(context, { ...key, requestHash: 'other' });
    const other = await store.groupInsert(insertOf(context, again, { jobs: [memberOf(context, again)] }));
    assert.deepEqual([other.isExisting, other.group], [true, await readGroup(store, group)]);
    assert.equal((await store.groupByKey({ tenant, idempotencyKey: 'key' }))?.id, group.id);
    assert.equal(await store.groupByKey({ tenant: 'other', idempotencyKey: 'key' }), null);
    assert.equal((await store.list({ tenant, limit: 10 })).length, 1);
    await store.groupRemove({ tenant, id: group.id, now: NOW });
    assert.equal((await store.groupInsert(insertOf(context, again))).isExisting, false);
  }),

  test('groupAdd adds new jobs and those that are there, by id or key, each once', async (context) => {
    const { store, tenant } = context;
    const group = newGroup(context);
    await store.groupInsert(insertOf(context, group));
    const waiting = await insertJob(context, { idempotencyKey: 'there', requestHash: 'h' });
    const running = await claimOne(context);
    assert.equal(running.id, waiting.id);
    const [done, keyed] = await insertJobs(context, [
      { type: `${context.type} 2` },
      { type: `${context.type} 2`, idempotencyKey: 'k', requestHash: 'h' },
    ]);
    assert.ok(done && keyed);
    await take(store, done.id, { kind: 'cancel' });
    const jobs = [
      memberOf(context, group),
      memberOf(context, group, { idempotencyKey: 'k', requestHash: 'h' }),
      memberOf(context, group, { idempotencyKey: 'new', requestHash: 'h' }),
      memberOf(context, group, { idempotencyKey: 'new', requestHash: 'h' }),
    ];
    const add = { tenant, id: group.id, jobs, ids: [running.id, done.id, done.id, keyed.id], now: NOW, membersMax: 5 };
    const written = await store.groupAdd(add);
    assert.ok(written);
    assert.deepEqual(
      written.numbers.map((number) => number !== null),
      [true, false, true, false],
    );
    assert.deepEqual([...idsOf(written.joined)].sort(), [running.id, done.id, keyed.id].sort());
    assert.deepEqual(written.group, { ...group, total: 5, counts: { ...NO_COUNTS, cancelled: 1 }, revision: 2 });
    for (const job of written.joined) {
      assert.deepEqual(await readJob(store, job.id), job);
      assert.deepEqual([groupIdOfJob(job), job.marks], [group.id, { isAwaited: true, group: group.id }]);
    }
    assert.equal(written.joined.find(({ id }) => id === running.id)?.revision, running.revision + 1);
    // Once more: nothing changes.
    const again = await store.groupAdd({ ...add, jobs: jobs.slice(1) });
    assert.deepEqual([again?.group, again?.joined], [written.group, []]);
    assert.deepEqual(await readGroup(store, group), written.group);
  }),

  test('groupAdd takes no value of a signal for a mark', async (context) => {
    const { store, tenant } = context;
    const [group, other] = [newGroup(context), newGroup(context)];
    for (const one of [group, other]) await store.groupInsert(insertOf(context, one));
    const job = await insertJob(context);
    const signals = { a: { value: { isAwaited: true, group: other.id }, at: NOW } };
    await store.apply([{ id: job.id, expect: { states: ['waiting'] }, patch: { marks: { signals } } }]);
    const written = await store.groupAdd({ tenant, id: group.id, jobs: [], ids: [job.id], now: NOW, membersMax: 5 });
    assert.deepEqual(
      written?.joined.map(({ marks }) => marks),
      [{ isAwaited: true, group: group.id, signals }],
    );
    assert.deepEqual([written?.group.total, (await readGroup(store, other)).total], [1, 0]);
  }),

  test('groupAdd adds all or none', async (context) => {
    const { store, tenant } = context;
    const group = newGroup(context);
    const other = newGroup(context);
    await store.groupInsert(insertOf(context, group));
    const taken = memberOf(context, other);
    await store.groupInsert(insertOf(context, other, { jobs: [taken] }));
    const there = await insertJob(context, { idempotencyKey: 'k', requestHash: 'h' });
    const foreign = await insertJob({ ...context, tenant: `${tenant} 2` });
    const add = { tenant, id: group.id, jobs: [memberOf(context, group)], ids: [there.id], now: NOW, membersMax: 2 };
    const refused = (over: Partial<typeof add>, code: Parameters<typeof rejectsWith>[1]) =>
      rejectsWith(store.groupAdd({ ...add, ...over }), code);
    await refused({ ids: [there.id, foreign.id] }, 'GROUP_MEMBER_UNKNOWN');
    await refused({ ids: [there.id, uuidv7()] }, 'GROUP_MEMBER_UNKNOWN');
    await refused({ ids: [there.id, 'none'] }, 'GROUP_MEMBER_UNKNOWN');
    await refused({ ids: [there.id, taken.spec.id] }, 'GROUP_MEMBER_TAKEN');
    await refused(
      { jobs: [memberOf(context, group, { idempotencyKey: 'k', requestHash: 'x' })] },
      'IDEMPOTENCY_MISMATCH',
    );
    await refused(
      { jobs: [{ ...memberOf(context, group, { idempotencyKey: 'n', requestHash: 'x' }), isReplay: true }] },
      'QUOTA_EXCEEDED',
    );
    await refused({ membersMax: 1 }, 'GROUP_FULL');
    assert.deepEqual(await readGroup(store, group), group);
    assert.deepEqual(await readJob(store, there.id), there);
    assert.deepEqual([...idsOf(await store.list({ tenant, limit: 10 }))].sort(), [there.id, taken.spec.id].sort());
    assert.equal((await store.groupAdd(add))?.group.total, 2);
    assert.equal(await store.groupAdd({ ...add, tenant: 'other', jobs: [], ids: [] }), null);
  }),

  test('groupAdd adds nothing to a closed group, and lets members be named again', async (context) => {
    const { store, tenant } = context;
    const group = newGroup(context);
    const job = memberOf(context, group, { idempotencyKey: 'k', requestHash: 'h' });
    await store.groupInsert(insertOf(context, group, { jobs: [job] }));
    const closed = await store.groupClose({ tenant, id: group.id, now: NOW + 1 });
    assert.deepEqual(closed, { ...group, total: 1, isOpen: false, closedAt: NOW + 1, revision: 2 });
    assert.deepEqual(await store.groupClose({ tenant, id: group.id, now: NOW + 9 }), closed);
    assert.equal(await store.groupClose({ tenant: 'other', id: group.id, now: NOW }), null);
    const add = { tenant, id: group.id, jobs: [], ids: [], now: NOW, membersMax: 9 };
    const again = memberOf(context, group, { idempotencyKey: 'k', requestHash: 'h' });
    assert.deepEqual((await store.groupAdd({ ...add, jobs: [again], ids: [job.spec.id] }))?.group, closed);
    await rejectsWith(store.groupAdd({ ...add, jobs: [memberOf(context, group)] }), 'GROUP_CLOSED');
    await rejectsWith(store.groupAdd({ ...add, ids: [(await insertJob(context)).id] }), 'GROUP_CLOSED');
    assert.deepEqual(await readGroup(store, group), closed);
  }),

  alone('groupInsert keeps to the groups that a tenant may have', async (context) => {
    const { store, tenant } = context;
    const insert = () => store.groupInsert({ ...insertOf(context, newGroup(context)), groupsMax: 2 });
    const { group } = await insert();
    await insert();
    await rejectsWith(insert(), 'TOO_MANY_GROUPS');
    await store.groupInsert({ ...insertOf(context, newGroup(context, { tenant: 'other' })), groupsMax: 2 });
    await store.groupRemove({ tenant, id: group.id, now: NOW });
    await store.groupPrune({ now: NOW, limit: 10 });
    await insert();
  }),

  alone('groupInsert keeps to the groups that a tenant may have, however many come at once', async (context) => {
    const { store, opened } = context;
    const other = opened.another === undefined ? store : await opened.another();
    const inserts = Array.from({ length: 12 }, async (_, place) => {
      const insert = { ...insertOf(context, newGroup(context)), groupsMax: 3 };
      return (place % 2 === 0 ? store : other).groupInsert(insert).then(
        () => 'written',
        (error: { readonly code?: string }) => error.code,
      );
    });
    const outcomes = (await Promise.all(inserts)).toSorted();
    const refused = Array.from({ length: 9 }, () => 'TOO_MANY_GROUPS');
    assert.deepEqual(outcomes, [...refused, 'written', 'written', 'written']);
  }),

  alone('groupSettle counts each member once, however often it is told, and again after a retry', async (context) => {
    const { store } = context;
    const group = await closedGroup(context, 3);
    const failed = await fail(store, await claimOne(context), false);
    await succeed(store, await claimOne(context));
    const ended = await store.endedRead({ limit: 9 });
    const counts = { ...NO_COUNTS, failed: 1, succeeded: 1 };
    assert.deepEqual(await store.groupSettle(ended), [{ ...group, counts, revision: 2 }]);
    assert.deepEqual(await store.groupSettle(ended), []);
    await store.endedDrop(ended);
    await take(store, failed.id, { kind: 'retry' });
    // The end of before, told late, says nothing about now.
    await store.groupSettle(ended);
    assert.deepEqual((await readGroup(store, group)).counts, { ...NO_COUNTS, succeeded: 1 });
    await settled(store);
    for (let left = 2; left > 0; left -= 1) await succeed(store, await claimOne(context));
    const [now] = await settled(store);
    assert.deepEqual(now?.counts, { ...NO_COUNTS, succeeded: 3 });
  }),

  alone('groupSettle counts a member that was removed before it was told of', async (context) => {
    const { store } = context;
    const group = await closedGroup(context, 1);
    const done = await succeed(store, await claimOne(context));
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW }]);
    const [now] = await settled(store);
    assert.deepEqual([now?.id, now?.counts.succeeded], [group.id, 1]);
  }),

  alone('groupFire ends a complete group once, with its jobs', async (context) => {
    const { store, tenant } = context;
    const group = await closedGroup(context, 2);
    await succeed(store, await claimOne(context));
    await settled(store);
    assert.equal(await fire(store, group), null);
    await succeed(store, await claimOne(context));
    await settled(store);
    const [due] = await store.groupDue({ limit: 9 });
    assert.ok(due);
    assert.deepEqual(due.group, await readGroup(store, group));
    const fires = await Promise.all([fire(store, group), fire(store, group), fire(store, group)]);
    const won = fires.filter((one) => one !== null && one.numbers !== null);
    assert.equal(won.length, 1);
    const { group: ended, jobs, numbers } = won[0] as NonNullable<(typeof won)[0]>;
    assert.deepEqual(await readGroup(store, group), ended);
    const after = await store.list({ tenant, types: [`after ${context.type}`], limit: 9, order: 'oldest' });
    assert.deepEqual(
      after.map(({ id, number }) => [id, number]),
      jobs.map(({ spec }, index) => [spec.id, numbers?.[index]]),
    );
    const [input] = await store.readInput([{ id: first(after).id }]);
    assert.deepEqual(JSON.parse(input ?? ''), {
      to: 'ops',
      group: { id: group.id, outcome: 'succeeded', total: 2, counts: { ...NO_COUNTS, succeeded: 2 } },
    });
    assert.equal(await fire(store, group), null);
  }),

  alone('groupFire writes nothing where the group has changed since, or was removed', async (context) => {
    const { store, tenant } = context;
    const group = await closedGroup(context, 1);
    const failed = await fail(store, await claimOne(context), false);
    await settled(store);
    const [seen] = await store.groupDue({ limit: 9 });
    assert.ok(seen);
    await take(store, failed.id, { kind: 'retry' });
    await settled(store);
    const end = groupEnd(seen.group, seen.followUps, NOW, uuidv7);
    assert.equal(await store.groupFire(end), null);
    assert.deepEqual(await store.groupDue({ limit: 9 }), []);
    await succeed(store, await claimOne(context));
    await settled(store);
    const [again] = await store.groupDue({ limit: 9 });
    assert.ok(again);
    assert.equal(await store.groupRemove({ tenant, id: group.id, now: NOW }), true);
    assert.deepEqual(await store.groupDue({ limit: 9 }), []);
    assert.equal(await store.groupFire(groupEnd(again.group, again.followUps, NOW, uuidv7)), null);
    assert.equal((await store.list({ tenant, limit: 9 })).length, 1);
    assert.equal(await store.groupRemove({ tenant, id: group.id, now: NOW }), false);
  }),

  alone('groupDue finds a group without members as soon as it is closed', async (context) => {
    const { store, tenant } = context;
    const { group } = await store.groupInsert(insertOf(context, newGroup(context)));
    assert.deepEqual(await store.groupDue({ limit: 9 }), []);
    await store.groupClose({ tenant, id: group.id, now: NOW });
    assert.deepEqual(
      (await store.groupDue({ limit: 9 })).map((due) => due.group.id),
      [group.id],
    );
  }),

  alone('groupPrune takes groups away with their members, some rows at a time, and no jobs', async (context) => {
    const { store, tenant } = context;
    const group = await closedGroup(context, 5);
    const other = await closedGroup(context, 1);
    await store.groupRemove({ tenant, id: group.id, now: NOW });
    assert.equal(await store.groupPrune({ now: NOW - 1, limit: 9 }), 0);
    const steps: number[] = [];
    for (let gone = 1; gone > 0; ) {
      gone = await store.groupPrune({ now: NOW, limit: 2 });
      assert.ok(gone <= 3);
      steps.push(gone);
    }
    assert.equal(
      steps.reduce((sum, gone) => sum + gone),
      6,
    );
    assert.deepEqual(await store.groupRead([{ tenant, id: group.id }]), [null]);
    assert.equal((await readGroup(store, other)).total, 1);
    assert.equal((await store.list({ tenant, limit: 9 })).length, 6);
    const done = await succeed(store, await claimOne(context));
    assert.deepEqual(await settled(store), []);
    assert.ok(done.finishedAt);
  }),

  test('groupList lists what there is, newest first, page by page', async (context) => {
    const { store, tenant } = context;
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1)
      ids.unshift((await store.groupInsert(insertOf(context, newGroup(context)))).group.id);
    await store.groupRemove({ tenant, id: at(ids, 1), now: NOW });
    const list = (after?: string) =>
      store.groupList({ tenant, now: NOW, limit: 2, ...(after === undefined ? {} : { after }) });
    assert.deepEqual(idsOf(await list()), [ids[0], ids[2]]);
    assert.deepEqual(idsOf(await list(at(ids, 2))), [ids[3], ids[4]]);
    assert.deepEqual(await store.groupList({ tenant: 'other', now: NOW, limit: 2 }), []);
  }),

  test('list and count find the members of a group, by their states too, those that are gone left out', async (context) => {
    const { store, tenant } = context;
    const group = await closedGroup(context, 4);
    await insertJob(context);
    const failed = await fail(store, await claimOne(context), false);
    const gone = await succeed(store, await claimOne(context));
    await store.remove([{ id: gone.id, revision: gone.revision, now: NOW, goneUntil: NOW }]);
    const list = async (over: object = {}): Promise<readonly Job[]> =>
      store.list({ tenant, group: group.id, limit: 9, ...over });
    const all = await list();
    assert.equal(all.length, 3);
    assert.deepEqual(idsOf(await list({ order: 'oldest' })), idsOf(all.toReversed()));
    assert.deepEqual(idsOf(await list({ limit: 1, after: at(all, 0).number })), [at(all, 1).id]);
    assert.deepEqual(idsOf(await list({ states: ['failed', 'cancelled'] })), [failed.id]);
    assert.deepEqual(await list({ tenant: 'other' }), []);
    assert.deepEqual(await list({ group: uuidv7() }), []);
    const counts = await store.count({ tenant, group: group.id });
    assert.deepEqual(counts.map(({ state, count }) => `${state} ${count}`).sort(), ['failed 1', 'waiting 2']);
    assert.deepEqual(
      (await store.count({ tenant, group: group.id, states: ['failed'] })).map(({ count }) => count),
      [1],
    );
  }),

  alone('a group in the middle of its life comes along in a dump, and ends where it is restored', async (context) => {
    const { store, tenant } = context;
    const group = await closedGroup(context, 3);
    await succeed(store, await claimOne(context));
    await settled(store);
    await succeed(store, await claimOne(context));
    const records = await dumped(store);
    const other = await context.openEmpty();
    const outcomes = [];
    for (const record of records) outcomes.push(...(await other.restore([record])));
    assert.deepEqual(new Set(outcomes), new Set(['written']));
    assert.ok((await other.restore(records)).every((outcome) => outcome === 'present'));
    assert.deepEqual(await readGroup(other, group), await readGroup(store, group));
    await settled(other);
    assert.equal(await fire(other, group), null);
    await succeed(other, await claimOne({ ...context, store: other }));
    await settled(other);
    assert.equal((await fire(other, group))?.numbers?.length, 2);
    assert.equal((await other.list({ tenant, limit: 9 })).length, 5);
    const older = records.filter(({ kind }) => kind === 'group');
    assert.deepEqual(await other.restore(older), ['present']);
    assert.deepEqual(await store.restore((await dumped(other)).filter(({ kind }) => kind === 'group')), ['conflict']);
  }),
];
