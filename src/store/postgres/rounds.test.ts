import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { partsOf } from './connection/session.ts';
import { jobRoundsOf, placedAt, roundsOf } from './rounds.ts';

describe('roundsOf', () => {
  const batches = fc.array(fc.record({ key: fc.nat(8), tag: fc.nat() }));

  test('roundsOf has every item once, each row once per round, sorted, in order per row', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const rounds = roundsOf(batch, ({ key }) => key);
        const indexes = rounds.flat().map(({ index }) => index);
        assert.deepEqual(
          indexes.toSorted((a, b) => a - b),
          batch.map((_, index) => index),
        );
        for (const round of rounds) {
          const keys = round.map(({ item }) => item.key);
          assert.deepEqual(
            keys,
            [...new Set(keys)].toSorted((a, b) => a - b),
          );
        }
        for (let key = 0; key <= 8; key += 1) {
          const order = rounds.flat().filter(({ item }) => item.key === key);
          assert.deepEqual(
            order.map(({ index }) => index),
            order.map(({ index }) => index).toSorted((a, b) => a - b),
          );
        }
      }),
    );
  });

  test('jobRoundsOf leaves out what is no job id', () => {
    const id = '01890a5d-ac96-774b-bcce-b302099a8057';
    const rounds = jobRoundsOf([{ id: 'no' }, { id }, { id: id.toUpperCase() }]);
    assert.deepEqual(rounds, [[{ index: 1, item: { id }, key: id }]]);
    assert.equal(placedAt(rounds, 0, 1).index, 1);
  });
});

describe('partsOf', () => {
  test('partsOf keeps the order, and no part above the limit but single items', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.integer({ min: 1, max: 60 }), (weights, max) => {
        const parts = partsOf(weights, (weight) => weight, max);
        assert.deepEqual(parts.flat(), weights);
        for (const part of parts) {
          assert.ok(part.length > 0);
          assert.ok(part.length === 1 || part.reduce((sum, weight) => sum + weight, 0) <= max);
        }
      }),
    );
  });
});
