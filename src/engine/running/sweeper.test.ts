import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, NEVER, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { attemptsOf } from '../../core/attempts.ts';
import { isFinal } from '../../core/state.ts';

const CLAIM = { tenant: TENANT, types: ['far'], max: 10, leaseMs: 30_000, worker: 'w', timeoutMs: 0, signal: NEVER };
const REMOTE = { types: { far: 'remote' } } as const;

describe('the sweeper', () => {
  it('gives a job whose worker vanished to another attempt, and fails it when none is left', async () => {
    await using fixture = await openEngine(REMOTE);
    const id = await fixture.submit('far', { retry: { attempts: 2 } });
    await fixture.engine.workClaim(CLAIM);
    await fixture.advance(30_000);
    const lost = await fixture.job(id);
    assert.equal(lost.state, 'waiting');
    assert.equal(lost.error?.code, 'WORKER_LOST');
    await fixture.advance(2_000);
    await fixture.engine.workClaim(CLAIM);
    await fixture.advance(31_000);
    const failed = await fixture.job(id);
    assert.equal(failed.state, 'failed');
    assert.equal(attemptsOf(failed).length, 2);
  });

  it('cancels a job whose worker vanished after a cancel was requested', async () => {
    await using fixture = await openEngine(REMOTE);
    const id = await fixture.submit('far');
    await fixture.engine.workClaim(CLAIM);
    await fixture.engine.cancel(TENANT, id);
    await fixture.advance(31_000);
    assert.equal((await fixture.job(id)).state, 'cancelled');
  });

  it('expires a waiting job at its deadline', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const id = await fixture.submit('task', { deadlineMs: 5_000 });
    await fixture.advance(4_000);
    assert.equal((await fixture.job(id)).state, 'waiting');
    await fixture.advance(1_000);
    const job = await fixture.job(id);
    assert.equal(job.state, 'expired');
    assert.equal(job.error?.code, 'DEADLINE_PASSED');
  });

  it('times out a remote attempt that overran, though its worker keeps the lease', async () => {
    await using fixture = await openEngine(REMOTE);
    const id = await fixture.submit('far', { timeoutMs: 5_000, retry: { attempts: 1 } });
    await fixture.engine.workClaim(CLAIM);
    await fixture.advance(4_000);
    assert.equal((await fixture.job(id)).state, 'running');
    await fixture.advance(2_000);
    const job = await fixture.job(id);
    assert.equal(job.state, 'expired');
    assert.equal(job.error?.code, 'ATTEMPT_TIMED_OUT');
  });

  it('leaves an attempt of this process to itself for the grace time', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task', { timeoutMs: 5_000, retry: { attempts: 1 } });
    const run = await play.next();
    for (let second = 0; second < 9; second += 1) await fixture.advance(1_000);
    assert.equal((await fixture.job(id)).state, 'running');
    run.end({ kind: 'aborted' });
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).error?.code, 'ATTEMPT_TIMED_OUT');
  });

  it('removes final jobs when their retention is over; they are gone for a while, then unknown', async () => {
    await using fixture = await openEngine({ limits: { tombstoneMs: 60_000 } });
    const id = await fixture.submit('task', { retainMs: 10_000 });
    await fixture.until(id, ({ state }) => isFinal(state));
    await fixture.advance(9_000);
    assert.equal((await fixture.engine.read(TENANT, [id]))[0]?.kind, 'found');
    await fixture.advance(1_000);
    assert.equal((await fixture.engine.read(TENANT, [id]))[0]?.kind, 'gone');
    assert.equal(fixture.engine.peek(TENANT, id), undefined);
    await fixture.advance(59_999);
    assert.equal((await fixture.engine.read(TENANT, [id]))[0]?.kind, 'gone');
    await fixture.advance(1);
    assert.equal((await fixture.engine.read(TENANT, [id]))[0]?.kind, 'missing');
  });

  it('works a backlog off in bounded batches, all of it in one sweep', async () => {
    await using fixture = await openEngine({ runsJobs: false, limits: { sweepBatchMax: 10 } });
    const requests = Array.from({ length: 95 }, () => ({ tenant: TENANT, type: 'task', deadlineMs: 100 }));
    await fixture.engine.submit(requests);
    await fixture.advance(1_000);
    const counts = await fixture.engine.count({ tenant: TENANT });
    assert.deepEqual(counts, [{ tenant: TENANT, type: 'task', state: 'expired', count: 95 }]);
    const swept = fixture.events.flatMap((event) => (event.kind === 'swept' ? [event.overdue] : []));
    assert.deepEqual(swept, [10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
  });

  it('removes in small portions, so that others are served in between', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const requests = Array.from({ length: 120 }, () => ({
      tenant: TENANT,
      type: 'task',
      deadlineMs: 100,
      retainMs: 5_000,
    }));
    await fixture.engine.submit(requests);
    await fixture.advance(1_000);
    await fixture.advance(6_000);
    const pruned = fixture.events.flatMap((event) =>
      event.kind === 'swept' && event.pruned > 0 ? [event.pruned] : [],
    );
    assert.deepEqual([pruned, fixture.spy.calls.get('remove')], [[120], 3]);
  });

  it('goes on after an outage', async () => {
    await using fixture = await openEngine({ runsJobs: false });
    const id = await fixture.submit('task', { deadlineMs: 5_000 });
    fixture.spy.breakDown('sweep');
    for (let second = 0; second < 10; second += 1) await fixture.advance(1_000);
    assert.equal((await fixture.job(id)).state, 'waiting');
    fixture.spy.repair();
    await fixture.advance(5_000);
    assert.equal((await fixture.job(id)).state, 'expired');
  });
});

it('a lease that ends during an outage does not cost a process its own running job', async () => {
  const play = createPlay();
  await using fixture = await openEngine({ types: { task: play.run } });
  const id = await fixture.submit('task');
  const run = await play.next();
  fixture.spy.breakDown();
  for (let second = 0; second < 45; second += 1) await fixture.advance(1_000);
  fixture.spy.repair();
  for (let second = 0; second < 10; second += 1) await fixture.advance(1_000);
  assert.equal(run.attempt.signal.aborted, false);
  run.end(DONE);
  assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).attempt, 1);
});
