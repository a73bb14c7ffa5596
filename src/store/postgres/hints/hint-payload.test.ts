import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { everythingPayload, hintsOf, payloadsOf } from './hint-payload.ts';

/** What one NOTIFY takes, its terminator included. */
const NOTIFY_BYTES = 8_000;

const ids = fc.uniqueArray(fc.uuid(), { maxLength: 1_000 });
const types = fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 500 }), { maxLength: 60 });

describe('payloadsOf', () => {
  test('hintsOf reads back every id and type, for all of them', () => {
    fc.assert(
      fc.property(ids, types, (someIds, someTypes) => {
        const hints = payloadsOf('me', { ids: someIds, types: someTypes }).flatMap((payload) =>
          hintsOf(payload, 'you'),
        );
        const heardIds = hints.flatMap((hint) => (hint.kind === 'jobs' ? hint.ids : []));
        const heardTypes = hints.flatMap((hint) => (hint.kind === 'work' ? hint.types : []));
        assert.deepEqual(heardIds, someIds);
        assert.deepEqual(
          heardTypes,
          someTypes
            .map((type) => type.toWellFormed())
            .map((type, at) => (someTypes[at] === type ? type : someTypes[at])),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('payloadsOf keeps every payload below what NOTIFY takes', () => {
    fc.assert(
      fc.property(ids, types, (someIds, someTypes) => {
        for (const payload of payloadsOf('sender__', { ids: someIds, types: someTypes })) {
          assert.ok(Buffer.byteLength(payload) < NOTIFY_BYTES);
          assert.ok(!payload.includes('\0'));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('payloadsOf puts 200 ids into one payload', () => {
    const some = Array.from(
      { length: 200 },
      (_, index) => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    );
    assert.equal(payloadsOf('me', { ids: some, types: [] }).length, 1);
  });

  test('payloadsOf makes nothing of nothing', () => {
    assert.deepEqual(payloadsOf('me', { ids: [], types: [] }), []);
  });
});

describe('hintsOf', () => {
  test('hintsOf leaves out our own', () => {
    assert.deepEqual(hintsOf(everythingPayload('me'), 'me'), []);
    assert.deepEqual(hintsOf(everythingPayload('me'), 'you'), [{ kind: 'everything' }]);
  });

  test('hintsOf takes nothing from a payload that is not ours', () => {
    for (const text of ['', 'hello', '[]', 'null', '{"a":1}', '{"f"']) assert.deepEqual(hintsOf(text, 'me'), []);
  });
});
