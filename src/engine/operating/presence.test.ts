import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NEVER, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { openStore } from '../../../test/engine/store-pool.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import type { RunningEngine } from '../create-engine.ts';
import { createFakeClock } from '../index.ts';

const names = async (engine: RunningEngine) =>
  (await engine.workers({ tenant: TENANT, countsAll: true })).map(({ name }) => name);
const CLAIM = {
  tenant: TENANT,
  types: ['far'],
  max: 1,
  leaseMs: 30_000,
  worker: 'remote',
  timeoutMs: 0,
  signal: NEVER,
};

describe('who works, where processes share a store', () => {
  it('is the same for each of them; one that stops is gone at once, one that dies within half a minute', async () => {
    const own = await openStore();
    const clock = createFakeClock();
    const facts = { isShared: true, hasHints: false };
    const types = { far: 'remote' } as const;
    const open = (workerName: string) => openEngine({ clock, types, spy: spyOn(own.store, facts), workerName });
    {
      await using one = await open('one');
      const two = await open('two');
      const three = await open('three');
      await one.engine.workClaim(CLAIM);
      const advance = async (ms: number) => {
        for (let rest = ms; rest > 0; rest -= 500) {
          await one.advance(500);
          await two.spy.idle();
          await three.spy.idle();
        }
      };
      await advance(11_000);
      for (const { engine } of [one, two, three])
        assert.deepEqual(await names(engine), ['one', 'three', 'two', 'remote']);
      await two[Symbol.asyncDispose]();
      assert.deepEqual(await names(one.engine), ['one', 'three', 'remote']);
      three.spy.breakDown('workerWrite');
      await advance(41_000);
      assert.deepEqual(await names(one.engine), ['one']);
      await three[Symbol.asyncDispose]();
    }
    await own[Symbol.asyncDispose]();
  });

  it('costs a process that has its store for itself no write', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' } });
    await fixture.engine.workClaim(CLAIM);
    await fixture.advance(60_000);
    for (const name of ['workerWrite', 'workerDrop', 'workerList'])
      assert.equal(fixture.spy.calls.get(name), undefined);
  });
});
