import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createFakeClock } from '../engine/index.ts';
import { busyShares, giveBackAtRest } from './memory-at-rest.ts';

function watched() {
  const clock = createFakeClock();
  const state = { share: 0.5, collections: 0 };
  const end = giveBackAtRest({
    ...{ clock, busyShare: () => state.share },
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

test('busyShares tells the part of the time since the last call', async () => {
  await setImmediate();
  const busyShare = busyShares();
  for (let end = performance.now() + 5; performance.now() < end; );
  assert.ok(busyShare() > 0);
});
