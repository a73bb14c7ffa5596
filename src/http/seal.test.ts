import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeal } from './seal.ts';

const secret = async () => new Uint8Array(32).fill(7);

test('a seal opens on every node, for its tenant alone, and not when it was altered', async () => {
  const [here, there, foreign] = [createSeal(secret), createSeal(secret), createSeal(async () => new Uint8Array(32))];
  for (const number of [0, 1, 4_711, Number.MAX_SAFE_INTEGER]) {
    const sealed = await here.seal('acme', number);
    assert.match(sealed, /^[\w-]{48}$/);
    assert.equal(await there.open('acme', sealed), number);
    assert.equal(await there.open('globex', sealed), null);
    assert.equal(await foreign.open('acme', sealed), null);
    for (const at of [0, 17, 20, 47]) {
      const other = sealed[at] === 'A' ? 'Q' : 'A';
      assert.equal(await there.open('acme', sealed.slice(0, at) + other + sealed.slice(at + 1)), null, String(at));
    }
  }
  for (const text of ['', 'x', 'bjE3', '!'.repeat(48), 'A'.repeat(48), 'A'.repeat(100_000)])
    assert.equal(await here.open('acme', text), null, text.slice(0, 50));
});

test('two seals of one number tell nobody that they are of one', async () => {
  const { seal } = createSeal(secret);
  assert.notEqual(await seal('acme', 5), await seal('acme', 5));
});

test('a seal may stand on a command line: it never begins like an option', async () => {
  const { seal } = createSeal(secret);
  // One in 64 did.
  for (let count = 0; count < 1_000; count += 1) assert.match(await seal('acme', count), /^[A-Za-f]/);
});
