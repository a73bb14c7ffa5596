import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { rangeOf } from './range.ts';

describe('rangeOf', () => {
  test('reads the three forms', () => {
    assert.deepEqual(rangeOf('bytes=2-4', 10), { first: 2, last: 4 });
    assert.deepEqual(rangeOf('bytes=2-', 10), { first: 2, last: 9 });
    assert.deepEqual(rangeOf('bytes=-4', 10), { first: 6, last: 9 });
    assert.deepEqual(rangeOf('bytes=-40', 10), { first: 0, last: 9 });
  });

  test('sends the whole for what is no single range', () => {
    for (const header of [undefined, '', 'bytes=', 'bytes=-', 'bytes=4-2', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=a-b'])
      assert.equal(rangeOf(header, 10), null, header);
  });

  test('tells what lies outside', () => {
    for (const header of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) assert.equal(rangeOf(header, 10), 'unsatisfiable');
    assert.equal(rangeOf('bytes=0-', 0), 'unsatisfiable');
  });

  test('never leaves the bytes that there are', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.option(fc.nat(99)), fc.option(fc.nat(99)), (size, from, to) => {
        const range = rangeOf(`bytes=${from ?? ''}-${to ?? ''}`, size);
        if (range === null || range === 'unsatisfiable') return;
        assert.ok(0 <= range.first && range.first <= range.last && range.last < size);
      }),
    );
  });
});
