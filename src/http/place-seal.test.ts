import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaceSeal } from './place-seal.ts';

const secret = async () => new Uint8Array(32).fill(7);

test('a sealed place opens on every node, for its tenant alone, and not when it was altered', async () => {
  const [here, there] = [createPlaceSeal(secret), createPlaceSeal(secret)];
  const foreign = createPlaceSeal(async () => new Uint8Array(32));
  for (const number of [0, 1, 4_711, Number.MAX_SAFE_INTEGER]) {
    const sealed = await here.seal('acme', number);
    assert.match(sealed, /^[\w-]{22}$/);
    assert.equal(await there.open('acme', sealed), number);
    assert.equal(await there.open('acme', sealed), number, 'again');
    assert.equal(await there.open('globex', sealed), null);
    assert.equal(await foreign.open('acme', sealed), null);
    for (let at = 0; at < sealed.length; at += 1) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      assert.equal(await there.open('acme', sealed.slice(0, at) + other + sealed.slice(at + 1)), null, String(at));
    }
  }
  for (const text of ['', 'x', '!'.repeat(22), 'A'.repeat(22), 'A'.repeat(100_000)])
    assert.equal(await here.open('acme', text), null, text.slice(0, 50));
});

test('two places look like nothing in common, however near they are', async () => {
  const { seal } = createPlaceSeal(secret);
  const [one, other] = [await seal('acme', 5), await seal('acme', 6)];
  const same = [...one].filter((letter, at) => letter === other[at]).length;
  assert.ok(same < 8, `${one} ${other}`);
});
