import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createJobIds, createNumberCipher } from './number-cipher.ts';

const cipher = createNumberCipher(new Uint8Array(32).fill(7));

test('createNumberCipher permutes the safe integers: each has one id, which opens to it', () => {
  const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(number, (each) => {
      const id = cipher.seal(each);
      assert.ok(Number.isSafeInteger(id) && id >= 0);
      assert.equal(cipher.open(id), each);
      assert.equal(cipher.seal(cipher.open(each)), each);
    }),
  );
  for (const edge of [0, 1, 2 ** 26, 2 ** 27 - 1, 2 ** 27, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
    assert.equal(cipher.open(cipher.seal(edge)), edge);
  }
});

test('ids of numbers in a row neither rise nor stand near each other, and none comes twice', () => {
  const ids = Array.from({ length: 10_000 }, (_, number) => cipher.seal(number + 1));
  assert.equal(new Set(ids).size, ids.length);
  const rises = ids.filter((id, at) => at > 0 && id > (ids[at - 1] ?? 0)).length;
  assert.ok(rises > 4_700 && rises < 5_300, `${rises} of 10,000 rise`);
  const above = ids.filter((id) => id >= 2 ** 52).length;
  assert.ok(above > 4_700 && above < 5_300, `${above} of 10,000 are in the upper half`);
});

test('another key orders the numbers in another way, the same key in the same on every node', () => {
  const same = createNumberCipher(new Uint8Array(32).fill(7));
  const other = createNumberCipher(new Uint8Array(32).fill(8));
  const numbers = Array.from({ length: 100 }, (_, number) => number);
  assert.deepEqual(numbers.map(same.seal), numbers.map(cipher.seal));
  assert.equal(numbers.filter((number) => other.seal(number) === cipher.seal(number)).length, 0);
});

test('createJobIds opens what it has opened before to the same, beyond what it remembers', async () => {
  const ids = await createJobIds(async () => new Uint8Array(32))();
  const numbers = Array.from({ length: 20_001 }, (_, number) => number);
  for (let round = 0; round < 2; round += 1) {
    for (const number of numbers) assert.equal(ids.open(ids.seal(number)), number);
  }
});
