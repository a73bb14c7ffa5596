import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TypeSlots } from './type-slots.ts';

const handler = { kind: 'function' as const, run: () => Promise.resolve({ kind: 'released' as const }) };

describe('TypeSlots', () => {
  it('rests longer with every attempt in a row that could not start, up to 30 s', () => {
    const slots = new TypeSlots('task', handler, 10);
    let now = 0;
    const rests = Array.from({ length: 10 }, () => {
      const restMs = slots.couldNotStart(now, 0) ?? 0;
      assert.equal(slots.freeAt(now + restMs - 1), 0);
      now += restMs;
      return restMs;
    });
    assert.deepEqual(rests.slice(0, 4), [250, 500, 1_000, 2_000]);
    assert.equal(rests.at(-1), 30_000);
  });

  it('tries one job after a rest, and fills all slots once one has started', () => {
    const slots = new TypeSlots('task', handler, 10);
    slots.couldNotStart(0, 0);
    assert.equal(slots.freeAt(250), 1);
    slots.started();
    assert.equal(slots.freeAt(250), 10);
  });

  it('rests once for all attempts that were under way together', () => {
    const slots = new TypeSlots('task', handler, 10);
    assert.equal(slots.couldNotStart(0, 0), 250);
    assert.equal(slots.couldNotStart(10, 0), null);
    assert.equal(slots.restUntil(10), 250);
    assert.equal(slots.restUntil(250), null);
  });
});
