import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aborted, createPlay, DONE, NEVER, openEngine, TENANT } from '../../test/engine/engine-fixture.ts';
import { isFinal } from '../core/state.ts';

describe('engine.stop', () => {
  it('lets running jobs finish, takes no new ones, and leaves those waiting', async () => {
    const play = createPlay();
    await using fixture = await openEngine({
      types: { task: { slots: 1, handler: { kind: 'function', run: play.run } } },
    });
    const id = await fixture.submit('task');
    const other = await fixture.submit('task');
    const run = await play.next();
    const stopped = fixture.engine.stop();
    await fixture.spy.idle();
    run.end(DONE);
    await stopped;
    assert.equal((await fixture.job(id)).state, 'succeeded');
    assert.equal((await fixture.job(other)).state, 'waiting');
    assert.equal(play.runningMax, 1);
  });

  it('gives back what is not done when the drain time is over, with its attempt uncounted', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    const stopped = fixture.engine.stop({ drainMs: 10_000 });
    await fixture.advance(9_999);
    assert.equal(run.attempt.signal.aborted, false);
    const reason = aborted(run.attempt);
    await fixture.advance(1);
    assert.equal(await reason, 'shutdown');
    run.throwUp(new Error('told to stop'));
    await stopped;
    const job = await fixture.job(id);
    assert.equal(job.state, 'waiting');
    assert.equal(job.attempt, 0);
    assert.equal(job.error, null);
  });

  it('renews leases while it drains', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run }, limits: { drainMs: 3_000_000 } });
    const id = await fixture.submit('task');
    const run = await play.next();
    const stopped = fixture.engine.stop();
    for (let beat = 0; beat < 9; beat += 1) await fixture.advance(fixture.engine.limits.leaseMs / 3);
    run.end(DONE);
    await stopped;
    assert.equal((await fixture.job(id)).state, 'succeeded');
  });

  it('tells handlers to stop at once when forced, even in the middle of a drain', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    const run = await play.next();
    const reason = aborted(run.attempt);
    const stopped = fixture.engine.stop();
    await fixture.spy.idle();
    const force = new AbortController();
    const again = fixture.engine.stop({ force: force.signal });
    assert.equal(run.attempt.signal.aborted, false);
    force.abort();
    assert.equal(await reason, 'shutdown');
    run.end({ kind: 'aborted' });
    await Promise.all([stopped, again]);
    assert.equal((await fixture.job(id)).state, 'waiting');
  });

  it('goes on without a handler that ignores the signal', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const id = await fixture.submit('task');
    await play.next();
    const stopped = fixture.engine.stop({ drainMs: 0 });
    for (let second = 0; second < 8; second += 1) await fixture.advance(1_000);
    await stopped;
    const job = await fixture.job(id);
    assert.equal(job.state, 'waiting');
    assert.equal(job.attempt, 0);
  });

  it('releases what a claim under way brings', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    const reached = fixture.spy.pause('claim');
    const id = await fixture.submit('task');
    const go = await reached;
    const stopped = fixture.engine.stop();
    go();
    await stopped;
    const job = await fixture.job(id);
    assert.equal(job.state, 'waiting');
    assert.equal(job.attempt, 0);
    assert.equal(job.fence, 1);
    assert.equal(play.runningMax, 0);
  });

  it('closes each handler once, after the last run, also when called twice', async () => {
    const play = createPlay();
    const closed: number[] = [];
    const handler = { kind: 'function', run: play.run, close: async () => void closed.push(play.running) } as const;
    await using fixture = await openEngine({ types: { task: { handler } } });
    const id = await fixture.submit('task');
    const run = await play.next();
    const stops = [fixture.engine.stop(), fixture.engine.stop()];
    run.end(DONE);
    await Promise.all(stops);
    assert.deepEqual(closed, [0]);
    assert.equal(isFinal((await fixture.job(id)).state), true);
  });

  it('does not wait for ever for a handler that cannot be closed', async () => {
    const close = () => new Promise<void>(() => {});
    const handler = { kind: 'function', run: async () => DONE, close } as const;
    await using fixture = await openEngine({ types: { task: { handler }, other: async () => DONE } });
    const stopped = fixture.engine.stop();
    await fixture.advance(10_000);
    await stopped;
  });

  it('ends in bounded time while the store is away', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    await fixture.submit('task');
    const run = await play.next();
    fixture.spy.breakDown();
    run.end(DONE);
    const stopped = fixture.engine.stop({ drainMs: 2_000 });
    for (let second = 0; second < 12; second += 1) await fixture.advance(1_000);
    await stopped;
    assert.equal(fixture.engine.stats().attempts, 0);
  });
});

describe('engine.drain', () => {
  it('answers waits, submits and work under way while jobs run, claims nothing, and ends waits only after that', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run, far: 'remote' } });
    const { engine } = fixture;
    const claim = () =>
      engine.workClaim({
        tenant: TENANT,
        types: ['far'],
        max: 1,
        worker: 'w',
        leaseMs: 60_000,
        timeoutMs: 0,
        signal: NEVER,
      });
    const far = await fixture.submit('far');
    const claimed = await claim();
    const fence = (claimed.kind === 'claimed' && claimed.jobs[0]?.job.fence) || 0;
    const id = await fixture.submit('task');
    const run = await play.next();
    const wait = (one: string) =>
      engine.wait({
        tenant: TENANT,
        ids: [one],
        for: 'all',
        until: { kind: 'done' },
        timeoutMs: 60_000,
        signal: NEVER,
      });
    const waited = wait(id);
    const inLine = engine.workClaim({
      ...{ tenant: TENANT, types: ['far'], max: 1, worker: 'w', leaseMs: 60_000, timeoutMs: 60_000, signal: NEVER },
    });
    await fixture.spy.idle();
    const stopped = engine.stop();
    assert.deepEqual(await engine.isReady(), { ready: false, reason: 'The server is shutting down.' });
    assert.deepEqual([engine.draining.aborted, engine.closing.aborted], [true, false]);
    assert.deepEqual(await inLine, { kind: 'claimed', jobs: [] });
    const late = await fixture.submit('far');
    await assert.rejects(claim(), { code: 'SHUTTING_DOWN' });
    assert.equal((await engine.workSucceed({ tenant: TENANT, id: far, fence, result: null })).kind, 'done');
    const lateWait = wait(late);
    run.end(DONE);
    const { isSatisfied } = await waited;
    assert.equal(isSatisfied, true);
    await stopped;
    assert.equal(engine.closing.aborted, true);
    assert.equal((await lateWait).isSatisfied, false);
    assert.equal((await fixture.job(late)).state, 'waiting');
  });

  it('takes as long as balancers need to notice though nothing runs, unless it is forced', async () => {
    const drained = async (force: AbortSignal) => {
      await using fixture = await openEngine();
      let isDrained = false;
      const drained = fixture.engine.drain({ drainMsMin: 15_000, force }).then(() => {
        isDrained = true;
      });
      await fixture.advance(14_999);
      const wasDrained = isDrained;
      await fixture.advance(1);
      await drained;
      return wasDrained;
    };
    assert.equal(await drained(NEVER), false);
    assert.equal(await drained(AbortSignal.abort()), true);
  });
});

describe('engine.isReady', () => {
  it('says why not: stopped, or a store that fails', async () => {
    await using fixture = await openEngine();
    assert.deepEqual(await fixture.engine.isReady(), { ready: true });
    fixture.spy.breakDown('ping');
    assert.deepEqual(await fixture.engine.isReady(), { ready: false, reason: 'The database cannot be reached.' });
    fixture.spy.repair();
    const reached = fixture.spy.pause('ping');
    const asked = fixture.engine.isReady();
    const go = await reached;
    fixture.clock.advance(2_000);
    assert.deepEqual(await asked, { ready: false, reason: 'The database stored nothing within 2000 ms.' });
    go();
    await fixture.engine.stop();
    assert.deepEqual(await fixture.engine.isReady(), { ready: false, reason: 'The server is shutting down.' });
  });
});
