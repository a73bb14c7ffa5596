import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionLost } from './driver-errors.ts';
import { repeated } from './repeat.ts';

/** Fails so many times, each with an error of its own, then answers how many tries that were. */
function failing(errors: readonly (() => ConnectionLost)[]): () => Promise<number> {
  let tries = 0;
  return async () => {
    const error = errors[tries];
    tries += 1;
    if (error !== undefined) throw error();
    return tries;
  };
}

const times = (count: number, error: () => ConnectionLost) => Array.from({ length: count }, () => error);

test('repeated gets past any number of connections that were open before the call and are dead', async () => {
  const openedAt = performance.now() - 1;
  assert.equal(await repeated(failing(times(20, () => new ConnectionLost(true, undefined, openedAt)))), 21);
});

test('repeated gives up when connections that were made for it are lost, too', async () => {
  const fresh = () => new ConnectionLost(true, undefined, performance.now() + 1);
  assert.equal(await repeated(failing(times(3, fresh))), 4);
  await assert.rejects(repeated(failing(times(4, fresh))), ConnectionLost);
});

test('repeated does not try again what was never sent', async () => {
  await assert.rejects(repeated(failing(times(1, () => new ConnectionLost(false, undefined)))), ConnectionLost);
});
