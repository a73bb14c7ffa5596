import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableLines } from './table.ts';

type Row = readonly [name: string, slots: string];
const lines = (rows: readonly Row[], width = 20) =>
  tableLines<Row>(
    [
      { head: 'NAME', widthMax: 8, text: ([name]) => name },
      { head: 'SLOTS', widthMax: 10, text: ([, slots]) => slots },
    ],
    rows,
    width,
  );

test('tableLines makes columns as wide as what is in them, up to their maximum', () => {
  assert.deepEqual(lines([['a', '1']]), ['NAME  SLOTS', 'a     1']);
  assert.deepEqual(
    lines([
      ['a', '1'],
      ['long enough to be cut', '2'],
    ]),
    ['NAME      SLOTS', 'a         1', 'long en…  2'],
  );
  assert.deepEqual(lines([]), []);
});

test('tableLines keeps to the line, and counts characters, not their halves', () => {
  assert.deepEqual(lines([['😀😀', '1']]), ['NAME  SLOTS', '😀😀    1']);
  assert.deepEqual(lines([['a', '123456789']], 12), ['NAME  SLOTS', 'a     12345…']);
});
