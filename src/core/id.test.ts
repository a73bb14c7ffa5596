import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jobIdOf } from './id.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

test('jobIdOf takes a UUID in either case and gives it in lower case', () => {
  assert.equal(jobIdOf(ID), ID);
  assert.equal(jobIdOf(ID.toUpperCase()), ID);
});

test('jobIdOf refuses whatever is no UUID', () => {
  for (const text of [
    '',
    ID.slice(1),
    `${ID}0`,
    ID.replaceAll('-', ''),
    ID.replace('0', 'g'),
    ` ${ID.slice(1)}`,
    `${ID}\n`,
  ]) {
    assert.equal(jobIdOf(text), null, JSON.stringify(text));
  }
});

test('jobIdOf finds any UUID and refuses any other string', () => {
  fc.assert(fc.property(fc.uuid(), (id) => jobIdOf(id.toUpperCase()) === id));
  fc.assert(fc.property(fc.string({ minLength: 36, maxLength: 36 }), (text) => jobIdOf(text) === null));
});
