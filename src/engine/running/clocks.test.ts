/** Healthy jobs and a queue that goes on, whatever happens to the clock or the process. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aborted,
  createPlay,
  DONE,
  NEVER,
  openEngine,
  openStore,
  TENANT,
} from '../../../test/engine/engine-fixture.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import { isFinal } from '../../core/state.ts';
import type { FakeClock } from '../fake-clock.ts';

const HOUR = 3_600_000;
const CLAIM = { tenant: TENANT, types: ['far'], max: 10, leaseMs: 30_000, worker: 'w', timeoutMs: 0, signal: NEVER };

describe('in a process that owns its store', () => {
  for (const [what, happen] of [
    ['frozen for 75 s', (clock) => clock.freeze(75_000)],
    ['frozen for ten leases', (clock) => clock.freeze(300_000)],
    ['set an hour ahead', (clock) => clock.jump(HOUR)],
    ['set an hour back', (clock) => clock.jump(-HOUR)],
  ] as readonly [string, (clock: FakeClock) => void][]) {
    it(`a running job is not lost and the queue goes on when the clock is ${what}`, async () => {
      const play = createPlay();
      await using fixture = await openEngine({ types: { task: play.run }, limits: { timeoutMs: 2 * HOUR } });
      const id = await fixture.submit('task', { timeoutMs: 1_800_000 });
      const run = await play.next();
      happen(fixture.clock);
      await fixture.advance(70_000);
      assert.equal(run.attempt.signal.aborted, false);
      const next = await fixture.submit('task');
      const second = await play.next();
      run.end(DONE);
      second.end(DONE);
      for (const one of [id, next]) await fixture.until(one, ({ state }) => isFinal(state));
      const job = await fixture.job(id);
      assert.deepEqual([job.state, job.attempt], ['succeeded', 1]);
    });
  }

  it('a job of a remote worker outlives an hour ahead, lease and timeout, while its worker sends heartbeats', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' } });
    const id = await fixture.submit('far', { timeoutMs: 600_000 });
    await fixture.engine.workClaim(CLAIM);
    fixture.clock.jump(HOUR);
    await fixture.advance(15_000);
    assert.equal((await fixture.job(id)).state, 'running');
    await fixture.engine.workHeartbeat({ tenant: TENANT, id, fence: 1, leaseMs: 30_000, timeoutMs: 0, signal: NEVER });
    await fixture.advance(15_000);
    assert.equal((await fixture.job(id)).state, 'running');
  });

  it('a job that was scheduled is started when the clock jumps past its time: a machine that slept overslept no job', async () => {
    const play = createPlay();
    await using fixture = await openEngine({ types: { task: play.run } });
    await fixture.submit('task', { runAt: fixture.clock.now() + HOUR });
    await fixture.advance(1_000);
    fixture.clock.jump(HOUR);
    await fixture.advance(1_000);
    (await play.next()).end(DONE);
  });
});

describe('in a process that shares its store', () => {
  it('an attempt whose lease passed while the process was frozen is told so before anything is written', async () => {
    const play = createPlay();
    await using own = await openStore();
    const spy = spyOn(own.store, { isShared: true });
    await using fixture = await openEngine({ types: { task: play.run }, spy });
    await fixture.submit('task');
    const run = await play.next();
    const reason = aborted(run.attempt);
    fixture.clock.freeze(75_000);
    const writes = spy.calls.get('apply') ?? 0;
    fixture.clock.advance(0);
    assert.equal(await reason, 'lost');
    assert.equal(spy.calls.get('apply') ?? 0, writes);
  });

  it('an attempt goes on when the process was frozen for less than its lease', async () => {
    const play = createPlay();
    await using own = await openStore();
    await using fixture = await openEngine({ types: { task: play.run }, spy: spyOn(own.store, { isShared: true }) });
    const id = await fixture.submit('task');
    const run = await play.next();
    fixture.clock.freeze(15_000);
    await fixture.advance(1_000);
    run.end(DONE);
    assert.equal((await fixture.until(id, ({ state }) => isFinal(state))).state, 'succeeded');
  });
});
