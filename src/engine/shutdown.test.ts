import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aborted, createPlay, DONE, openEngine } from '../../test/engine/engine-fixture.ts';
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

describe('engine.isReady', () => {
  it('says why not: stopped, or a store that fails', async () => {
    await using fixture = await openEngine();
    assert.deepEqual(await fixture.engine.isReady(), { ready: true });
    fixture.spy.breakDown('ping');
    assert.deepEqual(await fixture.engine.isReady(), { ready: false, reason: 'The database cannot be reached.' });
    fixture.spy.mend();
    const reached = fixture.spy.pause('ping');
    const asked = fixture.engine.isReady();
    const go = await reached;
    fixture.clock.advance(2_000);
    assert.deepEqual(await asked, { ready: false, reason: 'The database did not answer within 2000 ms.' });
    go();
    await fixture.engine.stop();
    assert.deepEqual(await fixture.engine.isReady(), { ready: false, reason: 'The server is shutting down.' });
  });
});
