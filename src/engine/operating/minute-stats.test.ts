import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failed, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { openStore } from '../../../test/engine/store-pool.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import type { RunningEngine } from '../create-engine.ts';
import { createFakeClock } from '../index.ts';

const MINUTE_MS = 60_000;

async function sums(engine: RunningEngine, minutes = 10) {
  const points = await engine.readStats({ tenant: TENANT, minutes, step: 1 });
  const total = (name: 'submitted' | 'succeeded' | 'failed' | 'retried') =>
    points.reduce((sum, { figures }) => sum + figures[name], 0);
  return {
    submitted: total('submitted'),
    succeeded: total('succeeded'),
    failed: total('failed'),
    retried: total('retried'),
  };
}

describe('figures by the minute', () => {
  it('outlive a restart, the minute under way included, and count nothing twice', async () => {
    const own = await openStore();
    const clock = createFakeClock();
    const open = () => openEngine({ clock, spy: spyOn(own.store) });
    const expected = { submitted: 3, succeeded: 3, failed: 0, retried: 0 };
    {
      await using before = await open();
      for (let time = 0; time < 3; time += 1) {
        const id = await before.submit('task');
        await before.until(id, ({ state }) => state === 'succeeded');
        await before.advance(25_000);
      }
      assert.deepEqual(await sums(before.engine), expected);
    }
    {
      await using after = await open();
      assert.deepEqual(await sums(after.engine), expected);
      await after.advance(2 * MINUTE_MS);
      assert.deepEqual(await sums(after.engine), expected);
    }
    await own[Symbol.asyncDispose]();
  });

  it('of two processes are one sum, for both', async () => {
    const own = await openStore();
    const clock = createFakeClock();
    const facts = { isShared: true, hasHints: false };
    {
      await using front = await openEngine({ clock, spy: spyOn(own.store, facts), runsJobs: false });
      await using back = await openEngine({ clock, spy: spyOn(own.store, facts), workerName: 'back' });
      const id = await front.submit('task');
      for (let rest = 0; rest < 2 * MINUTE_MS; rest += 250) {
        await front.advance(250);
        await back.spy.idle();
      }
      await front.until(id, ({ state }) => state === 'succeeded');
      const expected = { submitted: 1, succeeded: 1, failed: 0, retried: 0 };
      assert.deepEqual(await sums(front.engine), expected);
      assert.deepEqual(await sums(back.engine), expected);
    }
    await own[Symbol.asyncDispose]();
  });

  it('are written once a minute, however many jobs, and again when the store was away', async () => {
    await using fixture = await openEngine();
    const writes = () => fixture.spy.calls.get('statWrite') ?? 0;
    for (let index = 0; index < 50; index += 1) await fixture.submit('task');
    await fixture.spy.idle();
    assert.equal(writes(), 0);
    await fixture.advance(MINUTE_MS);
    assert.equal(writes(), 1);
    fixture.spy.loseAnswer('statWrite');
    await fixture.submit('task');
    await fixture.advance(2 * MINUTE_MS);
    assert.deepEqual(await sums(fixture.engine), { submitted: 51, succeeded: 51, failed: 0, retried: 0 });
    const idle = writes();
    await fixture.advance(5 * MINUTE_MS);
    assert.equal(writes(), idle);
  });

  it('tell attempts that are made again from jobs that failed, whose codes are counted', async () => {
    await using fixture = await openEngine({ types: { task: async () => failed('no') } });
    const id = await fixture.submit('task', { retry: { attempts: 3, backoffMs: 10 } });
    await fixture.advance(10_000);
    assert.equal((await fixture.job(id)).state, 'failed');
    assert.deepEqual(await sums(fixture.engine), { submitted: 1, succeeded: 0, failed: 1, retried: 2 });
    const [report] = await fixture.engine.typeReports(TENANT);
    assert.deepEqual(report?.errors, [{ code: 'HANDLER_FAILED', count: 1 }]);
  });

  it('are dropped when they are older than they are kept', async () => {
    await using fixture = await openEngine({ limits: { statsRetainMs: 60 * MINUTE_MS } });
    await fixture.submit('task');
    await fixture.advance(30 * MINUTE_MS);
    assert.equal((await sums(fixture.engine, 180)).submitted, 1);
    await fixture.advance(150 * MINUTE_MS);
    assert.equal((await sums(fixture.engine, 240)).submitted, 0);
  });
});
