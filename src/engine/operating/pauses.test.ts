import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlay, DONE, NEVER, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { openStore } from '../../../test/engine/store-pool.ts';
import { createHintBus, spyOn } from '../../../test/engine/store-spy.ts';
import { createFakeClock } from '../index.ts';

describe('a paused type', () => {
  it('is not claimed until it is resumed, while others are; what runs goes on', async () => {
    const task = createPlay();
    await using fixture = await openEngine({ types: { task: task.run, other: async () => DONE } });
    const { engine } = fixture;
    const running = await fixture.submit('task');
    const run = await task.next();
    assert.deepEqual(await engine.pauseType('task'), { kind: 'done' });
    assert.deepEqual(await engine.pauseType('task'), { kind: 'unchanged' });
    const held = await fixture.submit('task');
    const other = await fixture.submit('other');
    await fixture.until(other, ({ state }) => state === 'succeeded');
    run.end(DONE);
    await fixture.until(running, ({ state }) => state === 'succeeded');
    await fixture.advance(60_000);
    assert.equal((await fixture.job(held)).state, 'waiting');
    assert.equal(task.running, 0);
    assert.deepEqual(await engine.resumeType('task'), { kind: 'done' });
    (await task.next()).end(DONE);
    await fixture.until(held, ({ state }) => state === 'succeeded');
    assert.deepEqual(await engine.resumeType('task'), { kind: 'unchanged' });
  });

  it('costs no claim, however many jobs of it wait', async () => {
    await using fixture = await openEngine();
    await fixture.engine.pauseType('task');
    const claims = fixture.spy.calls.get('claim');
    for (let index = 0; index < 20; index += 1) await fixture.submit('task');
    await fixture.advance(10_000);
    assert.equal(fixture.spy.calls.get('claim'), claims);
  });

  it('is not handed to remote workers, who wait for it until it is resumed', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' } });
    await fixture.engine.pauseType('far');
    await fixture.submit('far');
    const request = { tenant: TENANT, types: ['far'], max: 1, leaseMs: 30_000, worker: 'w', signal: NEVER };
    assert.deepEqual(await fixture.engine.workClaim({ ...request, timeoutMs: 0 }), { kind: 'claimed', jobs: [] });
    const waiting = fixture.engine.workClaim({ ...request, timeoutMs: 60_000 });
    await fixture.advance(5_000);
    await fixture.engine.resumeType('far');
    const claimed = await waiting;
    assert.equal(claimed.kind === 'claimed' && claimed.jobs.length, 1);
  });

  it('is still paused after a restart', async () => {
    const own = await openStore();
    const clock = createFakeClock();
    const play = createPlay();
    const open = () => openEngine({ types: { task: play.run }, clock, spy: spyOn(own.store) });
    {
      await using before = await open();
      await before.engine.pauseType('task');
      await before.submit('task');
    }
    {
      await using after = await open();
      await after.advance(5_000);
      assert.equal(play.running, 0);
      await after.engine.resumeType('task');
      (await play.next()).end(DONE);
    }
    await own[Symbol.asyncDispose]();
  });

  it('is one that the config has', async () => {
    await using fixture = await openEngine({ types: { old: 'remote' } });
    assert.deepEqual(await fixture.engine.pauseType('new'), { kind: 'unknownType', types: ['old'] });
    assert.deepEqual(await fixture.engine.resumeType('new'), { kind: 'unknownType', types: ['old'] });
  });
});

describe('two processes on one store', () => {
  for (const isSilent of [false, true]) {
    it(`a pause and its end are obeyed by the other within a second, hints ${isSilent ? 'lost' : 'heard'}`, async () => {
      const own = await openStore();
      const clock = createFakeClock();
      const bus = createHintBus();
      bus.isSilent = isSilent;
      const facts = { isShared: true, hasHints: true };
      const play = createPlay();
      const usual = { clock, types: { task: play.run } };
      {
        await using front = await openEngine({ ...usual, spy: spyOn(own.store, facts, bus), runsJobs: false });
        await using back = await openEngine({ ...usual, spy: spyOn(own.store, facts, bus), workerName: 'back' });
        const advance = async (ms: number) => {
          for (let rest = ms; rest > 0; rest -= 100) {
            await front.advance(100);
            await back.spy.idle();
          }
        };
        await front.engine.pauseType('task');
        await advance(1_000);
        const id = await front.submit('task');
        await advance(20_000);
        assert.equal(play.running, 0);
        await front.engine.resumeType('task');
        await advance(1_000);
        assert.equal(play.running, 1);
        (await play.next()).end(DONE);
        await advance(5_000);
        assert.equal((await front.job(id)).state, 'succeeded');
      }
      await own[Symbol.asyncDispose]();
    });
  }
});
