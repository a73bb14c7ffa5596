import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../engine/fake-clock.ts';
import { createPolls } from './polls.ts';

function open(rate: number) {
  const clock = createFakeClock();
  const polls = createPolls({ limits: { pollsPerSecondMax: rate }, clock });
  const taken = (key: string, count: number) => {
    for (let look = 1; look <= count; look += 1) polls.take(key);
  };
  return { clock, polls, taken };
}

test('take gives an idle key ten seconds of its rate at once, then as much as time brings', () => {
  const { clock, polls, taken } = open(5);
  taken('a', 50);
  assert.throws(() => polls.take('a'), { code: 'POLLED_TOO_OFTEN', message: /more than 5 times .* hold the request/ });
  taken('b', 50);
  clock.advance(1_000);
  taken('a', 5);
  assert.throws(() => polls.take('a'), { code: 'POLLED_TOO_OFTEN' });
  clock.advance(3_600_000);
  taken('a', 50);
  assert.throws(() => polls.take('a'), { code: 'POLLED_TOO_OFTEN' });
});

test('a key that is refused does not wait the longer for asking', () => {
  const { clock, polls, taken } = open(1);
  taken('a', 10);
  for (let look = 0; look < 100; look += 1) assert.throws(() => polls.take('a'));
  clock.advance(1_000);
  taken('a', 1);
});

test('take remembers so many keys and no more: the oldest begins anew', () => {
  const { polls, taken } = open(1);
  taken('first', 10);
  for (let key = 0; key < 10_000; key += 1) polls.take(String(key));
  taken('first', 10);
});
