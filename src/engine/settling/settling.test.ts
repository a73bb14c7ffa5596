import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openEngine, openStore, TENANT } from '../../../test/engine/engine-fixture.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import type { Store } from '../../store/contract.ts';
import { newJob } from '../../store/contract-suite/fixtures.ts';
import { createChanges } from '../changes.ts';
import type { EngineBase } from '../engine-base.ts';
import { createFakeClock, createTelemetry } from '../index.ts';
import { createSettling, type TakeEnded } from './settling.ts';

const ALL = { limit: 1_000 };

/** Stores jobs that have ended while somebody waits for them; their ids. */
async function insertEnded(store: Store, count: number): Promise<readonly string[]> {
  const batch = Array.from({ length: count }, () => newJob({ tenant: TENANT, type: 'task' }));
  await store.insert(batch);
  const patch = { state: 'cancelled', finishedAt: 1, marks: { isAwaited: true } } as const;
  await store.apply(batch.map(({ spec: { id } }) => ({ id, expect: { states: ['waiting'] }, patch })));
  return batch.map(({ spec }) => spec.id);
}

async function withLoop(
  take: TakeEnded,
  check: (parts: { readonly store: Store; readonly turn: (ms: number) => Promise<void> }) => Promise<void>,
): Promise<void> {
  await using own = await openStore();
  const spy = spyOn(own.store);
  const clock = createFakeClock();
  const telemetry = createTelemetry();
  const base = { store: spy.store, clock, telemetry, random: () => 0.5, changes: createChanges(telemetry) };
  const loop = createSettling({ ...(base as unknown as EngineBase), takers: [take] });
  const turn = async (ms: number) => {
    loop.start();
    await spy.idle();
    clock.advance(ms);
    await spy.idle();
  };
  try {
    await check({ store: own.store, turn });
  } finally {
    await loop.stop();
  }
}

describe('settling', () => {
  it('drops an end that was told of as soon as the job has ended', async () => {
    await using fixture = await openEngine();
    const { store, engine } = fixture;
    const id = await fixture.submit('task', { delayMs: 60_000 });
    await store.apply([{ id, expect: { states: ['waiting'] }, patch: { marks: { isAwaited: true } } }]);
    await engine.cancel(TENANT, id);
    await fixture.spy.idle();
    assert.equal((await fixture.job(id)).state, 'cancelled');
    assert.deepEqual(await store.endedRead(ALL), []);
  });

  it('tells of all ends that were left behind, in portions', async () => {
    const told: string[] = [];
    const sizes: number[] = [];
    await withLoop(
      async (ended) => {
        sizes.push(ended.length);
        told.push(...ended.map(({ id }) => id));
      },
      async ({ store, turn }) => {
        const ids = await insertEnded(store, 450);
        await turn(0);
        assert.deepEqual(told, ids);
        assert.deepEqual(sizes, [200, 200, 50]);
        assert.deepEqual(await store.endedRead(ALL), []);
      },
    );
  });

  it('tells of an end again when a taker has failed', async () => {
    const told: string[] = [];
    await withLoop(
      async (ended) => {
        told.push(...ended.map(({ id }) => id));
        if (told.length === 1) throw new Error('not now');
      },
      async ({ store, turn }) => {
        const [id] = await insertEnded(store, 1);
        await turn(0);
        assert.equal((await store.endedRead(ALL)).length, 1);
        await turn(1_000);
        assert.deepEqual(told, [id, id]);
        assert.deepEqual(await store.endedRead(ALL), []);
      },
    );
  });
});
