import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { createFakeClock } from '../engine/index.ts';
import { giveBackAtRest, memoryOfThisThread } from './memory-at-rest.ts';

const LARGE = 500e6;

function watched(heapBytes = LARGE) {
  const clock = createFakeClock();
  const state = { share: 0.5, collections: 0 };
  const end = giveBackAtRest({
    ...{ clock, busyShare: () => state.share, heapBytes: () => heapBytes },
    async collect() {
      state.collections += 1;
    },
  });
  return { clock, state, end };
}

test('giveBackAtRest collects nothing under load, and some times in a rest', () => {
  const { clock, state, end } = watched();
  clock.advance(3_600_000);
  assert.equal(state.collections, 0);
  state.share = 0.001;
  clock.advance(30_000);
  assert.equal(state.collections, 1);
  clock.advance(30_000);
  assert.equal(state.collections, 2);
  clock.advance(3_600_000);
  assert.equal(state.collections, 4);
  state.share = 0.5;
  clock.advance(10_000);
  state.share = 0;
  clock.advance(30_000);
  assert.equal(state.collections, 5);
  end();
  assert.equal(clock.pending, 0);
});

test('giveBackAtRest leaves a small heap alone', () => {
  const { clock, state } = watched(50e6);
  state.share = 0;
  clock.advance(3_600_000);
  assert.equal(state.collections, 0);
});

test('memoryOfThisThread gives back what the heap had reserved for garbage', async () => {
  const { collect, heapBytes, busyShare } = memoryOfThisThread();
  let garbage: object[] | null = Array.from({ length: 1_000_000 }, (_, index) => ({ index, text: `text ${index}` }));
  const before = heapBytes();
  assert.equal(garbage.length, 1_000_000);
  garbage = null;
  await collect();
  assert.ok(heapBytes() < before / 2, `${before} -> ${heapBytes()}`);
  assert.equal(heapBytes(), getHeapStatistics().total_heap_size);
  assert.ok(busyShare() > 0);
});
