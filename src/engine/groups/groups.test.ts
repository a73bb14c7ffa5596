import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createPlay,
  DONE,
  type Fixture,
  failed,
  NEVER,
  openEngine,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import { groupIdOf, type Json } from '../../core/job.ts';
import type { GroupDraft, JobType, MemberRequest } from '../api.ts';

const FAR = { far: 'remote', report: 'remote' } as const;
const FOLLOW_UPS = {
  always: { type: 'report', input: { to: 'ops' } },
  onSuccess: { type: 'report' },
  onFailure: { type: 'report', input: { no: 1 } },
};

type Draft = GroupDraft<MemberRequest>;

function draft(over: Partial<Draft> = {}): Draft {
  return { tenant: TENANT, jobs: [], followUps: FOLLOW_UPS, isOpen: false, ...over };
}

const jobs = (count: number, type = 'task') => Array.from({ length: count }, () => ({ type }));

async function ended({ engine }: Fixture, id: string) {
  return engine.groups.wait({
    tenant: TENANT,
    id,
    until: { kind: 'done' },
    timeoutMs: Number.POSITIVE_INFINITY,
    signal: NEVER,
  });
}

/** Inputs of the jobs that groups have submitted, in the order of their numbers. */
async function reports({ engine }: Fixture): Promise<readonly Json[]> {
  const { snapshots } = await engine.list({ tenant: TENANT, types: ['report'], order: 'oldest', limit: 100 });
  const inputs = await Promise.all(snapshots.map(({ job }) => engine.readInput(TENANT, job.id)));
  return inputs.map((input) => JSON.parse(input ?? 'null') as Json);
}

async function rejects(call: Promise<unknown>, code: ErrorCode): Promise<BideError> {
  const error = await call.then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof BideError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

describe('a group', () => {
  it('runs its members, and submits what follows once, with what became of it', async () => {
    await using fixture = await openEngine({ types: { task: async () => DONE, report: 'remote' } });
    const { group } = await fixture.engine.groups.create(draft({ jobs: jobs(7) }));
    assert.deepEqual([group.total, group.isOpen], [7, false]);
    const end = await ended(fixture, group.id);
    assert.deepEqual([end.outcome, end.counts.succeeded], ['succeeded', 7]);
    const counts = { succeeded: 7, failed: 0, cancelled: 0, expired: 0 };
    const told = { id: group.id, outcome: 'succeeded', total: 7, counts };
    assert.deepEqual(await reports(fixture), [{ to: 'ops', group: told }, { group: told }]);
    const ids = (
      await fixture.engine.list({ tenant: TENANT, types: ['report'], order: 'oldest', limit: 9 })
    ).snapshots.map(({ job }) => job.id);
    assert.deepEqual(
      [end.followUps.always?.jobId, end.followUps.onSuccess?.jobId, end.followUps.onFailure?.jobId],
      [...ids, null],
    );
  });

  it('tells of a failure, and never again when its members are retried', async () => {
    let isBroken = true;
    const task = async () => (isBroken ? failed('no', false) : DONE);
    await using fixture = await openEngine({ types: { task, report: 'remote' } });
    const { group } = await fixture.engine.groups.create(draft({ jobs: jobs(2) }));
    const end = await ended(fixture, group.id);
    assert.equal(end.outcome, 'failed');
    assert.deepEqual(
      (await reports(fixture)).map((input) => Object.keys(input as object)),
      [
        ['to', 'group'],
        ['no', 'group'],
      ],
    );
    isBroken = false;
    const { snapshots } = await fixture.engine.list({ tenant: TENANT, group: group.id, limit: 9 });
    for (const { job } of snapshots) await fixture.engine.retry(TENANT, job.id);
    for (const { job } of snapshots) await fixture.until(job.id, ({ state }) => state === 'succeeded');
    await fixture.advance(20_000);
    const now = await fixture.engine.groups.read(TENANT, group.id);
    assert.deepEqual(
      [now.counts.succeeded, now.counts.failed, now.outcome, now.finishedAt],
      [2, 0, 'failed', end.finishedAt],
    );
    assert.equal((await reports(fixture)).length, 2);
  });

  it('takes members while it is open, by jobs and by ids, and ends only once it is closed', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: async () => DONE, slow: play.run, ...FAR } });
    const { groups } = fixture.engine;
    const { group } = await groups.create(draft({ isOpen: true }));
    const slow = await fixture.submit('slow');
    const run = await play.next();
    const done = await fixture.submit('task');
    await fixture.until(done, ({ state }) => state === 'succeeded');
    const added = await groups.add({ tenant: TENANT, id: group.id, jobs: jobs(2), ids: [slow, done] });
    assert.deepEqual([added.total, added.counts.succeeded], [4, 1]);
    assert.deepEqual([groupIdOf(await fixture.job(slow)), groupIdOf(await fixture.job(done))], [group.id, group.id]);
    await fixture.advance(10_000);
    assert.equal((await groups.read(TENANT, group.id)).counts.succeeded, 3);
    await groups.close(TENANT, group.id);
    assert.equal((await groups.close(TENANT, group.id)).finishedAt, null);
    run.end(DONE);
    assert.equal((await ended(fixture, group.id)).counts.succeeded, 4);
    assert.equal((await reports(fixture)).length, 2);
  });

  it('without members ends when it is closed', async () => {
    await using fixture = await openEngine({ types: FAR });
    const { group } = await fixture.engine.groups.create(draft());
    assert.equal((await ended(fixture, group.id)).outcome, 'succeeded');
    assert.equal((await reports(fixture)).length, 2);
  });

  it('is made once for an idempotency key, and refuses another request with it', async () => {
    await using fixture = await openEngine({ types: FAR, limits: { jobsWaitingMax: 4 } });
    const { groups } = fixture.engine;
    const asked = draft({ jobs: jobs(2, 'far'), idempotencyKey: 'k' });
    const both = await Promise.all([groups.create(asked), groups.create(asked)]);
    const third = await groups.create(asked);
    assert.equal(new Set([...both, third].map(({ group }) => group.id)).size, 1);
    assert.deepEqual([...both, third].filter(({ isExisting }) => !isExisting).length, 1);
    await rejects(groups.create({ ...asked, isOpen: true }), 'IDEMPOTENCY_MISMATCH');
    await rejects(groups.create(draft({ jobs: jobs(3, 'far') })), 'QUOTA_EXCEEDED');
    assert.equal((await fixture.engine.count({ tenant: TENANT }))[0]?.count, 2);
  });

  it('lets an add be sent again, also when it is closed and the tenant has no room', async () => {
    await using fixture = await openEngine({ types: FAR, limits: { jobsWaitingMax: 1 } });
    const { groups } = fixture.engine;
    const { group } = await groups.create(draft({ isOpen: true }));
    const add = { tenant: TENANT, id: group.id, jobs: [{ type: 'far', idempotencyKey: 'k' }], ids: [] };
    const first = await groups.add(add);
    assert.deepEqual(await groups.add(add), first);
    const closed = await groups.close(TENANT, group.id);
    assert.deepEqual(await groups.add(add), closed);
    await rejects(groups.add({ ...add, jobs: jobs(1, 'far') }), 'GROUP_CLOSED');
    await rejects(groups.add({ ...add, jobs: [{ type: 'far', idempotencyKey: 'other' }] }), 'GROUP_CLOSED');
    const open = await groups.create(draft({ isOpen: true }));
    await rejects(
      groups.add({ ...add, id: open.group.id, jobs: [{ type: 'far', idempotencyKey: 'new' }] }),
      'QUOTA_EXCEEDED',
    );
  });

  it('says at which place of the call something is wrong, and stores nothing then', async () => {
    const strict: Partial<JobType> = {
      checkInput: () => ({ kind: 'invalid', issues: [{ path: '/a', message: 'must be there' }] }),
    };
    await using fixture = await openEngine({ types: { ...FAR, strict } });
    const { groups } = fixture.engine;
    const paths = ({ details }: BideError) => (details.errors as readonly { path: string }[]).map(({ path }) => path);
    const create = (over: Partial<Draft>) => groups.create(draft({ followUps: {}, ...over }));
    assert.equal(
      (await rejects(create({ jobs: [{ type: 'far' }, { type: 'none' }] }), 'TYPE_UNKNOWN')).details.path,
      '/jobs/1/type',
    );
    assert.deepEqual(paths(await rejects(create({ jobs: [{ type: 'far' }, { type: 'strict' }] }), 'INPUT_INVALID')), [
      '/jobs/1/input/a',
    ]);
    assert.deepEqual(paths(await rejects(create({ jobs: [{ type: 'far', priority: 1e9 }] }), 'INVALID_REQUEST')), [
      '/jobs/0/priority',
    ]);
    assert.deepEqual(
      paths(await rejects(create({ followUps: { always: { type: 'far', input: [1] } } }), 'INVALID_REQUEST')),
      ['/then/input'],
    );
    assert.deepEqual(paths(await rejects(create({ followUps: { onFailure: { type: 'strict' } } }), 'INPUT_INVALID')), [
      '/onFailure/input/a',
    ]);
    await rejects(
      create({ followUps: { always: { type: 'far', input: { a: 'x'.repeat(70_000) } } } }),
      'INVALID_REQUEST',
    );
    await rejects(groups.read(TENANT, 'none'), 'GROUP_NOT_FOUND');
    await rejects(
      groups.add({ tenant: 'globex', id: (await create({ isOpen: true })).group.id, jobs: [], ids: [] }),
      'GROUP_NOT_FOUND',
    );
    assert.deepEqual(await fixture.engine.count({ tenant: TENANT }), []);
    assert.equal((await groups.list({ tenant: TENANT, limit: 9 })).length, 1);
  });

  it('is one of so many of its tenant, with so many members', async () => {
    await using fixture = await openEngine({ types: FAR, limits: { groupsPerTenantMax: 2, groupMembersMax: 2 } });
    const { groups } = fixture.engine;
    const { group } = await groups.create(draft({ isOpen: true, jobs: jobs(1, 'far') }));
    await rejects(groups.create(draft({ jobs: jobs(3, 'far') })), 'GROUP_FULL');
    await rejects(groups.add({ tenant: TENANT, id: group.id, jobs: jobs(2, 'far'), ids: [] }), 'GROUP_FULL');
    assert.equal((await fixture.engine.count({ tenant: TENANT }))[0]?.count, 1);
    await groups.create(draft());
    await rejects(groups.create(draft()), 'TOO_MANY_GROUPS');
  });

  it('is gone when it was removed or its time is over; its jobs stay', async () => {
    await using fixture = await openEngine({ types: FAR });
    const { groups } = fixture.engine;
    const kept = await groups.create(draft({ retainMs: 5_000 }));
    const removed = await groups.create(draft({ jobs: jobs(2, 'far'), isOpen: true }));
    await ended(fixture, kept.group.id);
    const waiting = ended(fixture, removed.group.id);
    await groups.remove(TENANT, removed.group.id);
    await rejects(waiting, 'GROUP_NOT_FOUND');
    await rejects(groups.remove(TENANT, removed.group.id), 'GROUP_NOT_FOUND');
    await fixture.advance(5_001);
    await rejects(groups.read(TENANT, kept.group.id), 'GROUP_NOT_FOUND');
    await fixture.advance(20_000);
    assert.deepEqual(await fixture.store.groupRead([kept.group, removed.group]), [null, null]);
    assert.equal((await fixture.engine.list({ tenant: TENANT, types: ['far'], limit: 9 })).snapshots.length, 2);
  });

  it('wakes who waits for a change, for its end and for neither in time', async () => {
    await using fixture = await openEngine({ types: FAR });
    const { groups } = fixture.engine;
    const { group } = await groups.create(draft({ isOpen: true }));
    const wait = (until: Parameters<typeof groups.wait>[0]['until'], timeoutMs = 60_000) =>
      groups.wait({ tenant: TENANT, id: group.id, until, timeoutMs, signal: NEVER });
    const change = wait({ kind: 'change', since: group.revision });
    const inTime = wait({ kind: 'done' }, 1_000);
    const added = await groups.add({ tenant: TENANT, id: group.id, jobs: jobs(1, 'far'), ids: [] });
    assert.deepEqual(await change, added);
    assert.deepEqual(await wait({ kind: 'change', since: group.revision }), added);
    await fixture.advance(1_000);
    assert.deepEqual(await inTime, added);
    assert.deepEqual(await wait({ kind: 'done' }, 0), added);
    await rejects(
      groups.wait({ tenant: 'globex', id: group.id, until: { kind: 'done' }, timeoutMs: 9, signal: NEVER }),
      'GROUP_NOT_FOUND',
    );
  });

  for (const when of ['before', 'after'] as const) {
    it(`ends once when any call to the store fails, ${when} it was done`, async () => {
      for (let number = 1, isReached = true; isReached && number < 60; number += 1) {
        await using fixture = await openEngine({ types: { task: async () => DONE, report: 'remote' } });
        const wasReached = fixture.spy.failCall(number, when);
        const asked = draft({ jobs: jobs(3), idempotencyKey: 'once' });
        const made = await fixture.engine.groups.create(asked).catch(() => null);
        await fixture.advance(1_000).catch(() => {});
        isReached = wasReached();
        fixture.spy.failCall(Number.POSITIVE_INFINITY, when);
        const { group } = made ?? (await fixture.engine.groups.create(asked));
        for (let second = 0; second < 120; second += 5) {
          await fixture.advance(5_000);
          if ((await fixture.engine.groups.read(TENANT, group.id)).finishedAt !== null) break;
        }
        await fixture.advance(10_000);
        const end = await fixture.engine.groups.read(TENANT, group.id);
        assert.deepEqual([end.total, end.counts.succeeded, end.outcome], [3, 3, 'succeeded'], `call ${number}`);
        assert.equal((await reports(fixture)).length, 2, `call ${number}`);
      }
    });
  }
});
