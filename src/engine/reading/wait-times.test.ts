import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../fake-clock.ts';
import { createWaitTimes, type Timed } from './wait-times.ts';

interface Wait extends Timed {
  readonly name: string;
}

function setUp() {
  const clock = createFakeClock();
  const over: string[] = [];
  const startedAt = clock.steady();
  const times = createWaitTimes<Wait>(clock, ({ name }) => over.push(`${name} at ${clock.steady() - startedAt}`));
  const begin = (name: string, timeoutMs: number): Wait => {
    const wait: Wait = { name, timeoutMs, overAt: 0, before: null, after: null };
    times.add(wait);
    return wait;
  };
  return { clock, over, times, begin };
}

describe('the times of waits', () => {
  it('are over at their own time, whatever the others are', () => {
    const { clock, over, begin } = setUp();
    begin('long', 1_000);
    begin('short', 100);
    clock.advance(50);
    begin('later', 100);
    begin('with it', 100);
    clock.advance(10_000);
    assert.deepEqual(over, ['short at 100', 'later at 150', 'with it at 150', 'long at 1000']);
    assert.equal(clock.pending, 0);
  });

  it('forget who left, first, last or between', () => {
    const { clock, over, times, begin } = setUp();
    const waits = ['a', 'b', 'c', 'd', 'e'].map((name) => begin(name, 100));
    for (const index of [0, 2, 4]) times.remove(waits[index] as Wait);
    for (const index of [0, 2, 4]) times.remove(waits[index] as Wait);
    clock.advance(99);
    const last = begin('f', 100);
    times.remove(last);
    begin('g', 100);
    clock.advance(1_000);
    assert.deepEqual(over, ['b at 100', 'd at 100', 'g at 199']);
    assert.equal(clock.pending, 0);
  });

  it('leave no timer behind when all have left', () => {
    const { clock, over, times, begin } = setUp();
    for (const wait of [begin('a', 100), begin('b', 100), begin('c', 200)]) times.remove(wait);
    assert.equal(clock.pending, 0);
    clock.advance(1_000);
    assert.deepEqual(over, []);
  });
});
