import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BideError, ERROR_KINDS, ERRORS, type ErrorDefinition } from './errors.ts';

const DEFINITIONS = Object.entries<ErrorDefinition>(ERRORS);

test('every error has a code in capitals, a known kind, and a title and advice that are sentences', () => {
  for (const [code, { kind, title, advice }] of DEFINITIONS) {
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.ok(ERROR_KINDS.includes(kind), code);
    assert.match(title, /^[A-Z].*\.$/, code);
    assert.match(advice, /^[A-Z`].*\.$/, code);
  }
});

test('no two errors have the same title, since a title alone must tell them apart in a log', () => {
  const titles = DEFINITIONS.map(([, { title }]) => title);
  assert.equal(new Set(titles).size, titles.length);
});

test('every kind of error is used', () => {
  assert.deepEqual(new Set(DEFINITIONS.map(([, { kind }]) => kind)), new Set(ERROR_KINDS));
});

test('BideError takes kind and message from its code, and a detail in place of the title', () => {
  const plain = new BideError('JOB_NOT_FOUND');
  assert.deepEqual([plain.kind, plain.message, plain.details], ['not_found', ERRORS.JOB_NOT_FOUND.title, {}]);
  const cause = new Error('disk');
  const detailed = new BideError('STORE_FULL', 'No space is left in /data.', { bytesFree: 0 }, { cause });
  assert.deepEqual(
    [detailed.message, detailed.details, detailed.cause],
    ['No space is left in /data.', { bytesFree: 0 }, cause],
  );
  assert.ok(detailed instanceof Error && detailed.name === 'BideError');
});
