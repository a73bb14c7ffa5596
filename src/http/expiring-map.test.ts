import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createExpiringMap } from './expiring-map.ts';

describe('createExpiringMap', () => {
  test('forgets an entry when its life is over', () => {
    const map = createExpiringMap<number>({ sizeMax: 10, lifeMs: 100 });
    map.set('a', 1, 1_000);
    assert.equal(map.get('a', 1_099), 1);
    assert.equal(map.get('a', 1_100), undefined);
    assert.equal(map.get('a', 1_050), undefined, 'and for good');
  });

  test('pushes out the oldest when it is full, and a rewritten entry is young', () => {
    const map = createExpiringMap<number>({ sizeMax: 2, lifeMs: 100 });
    map.set('a', 1, 0);
    map.set('b', 2, 0);
    map.set('a', 3, 1);
    map.set('c', 4, 1);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => map.get(key, 1)),
      [3, undefined, 4],
    );
  });

  test('forgets what matches', () => {
    const map = createExpiringMap<number>({ sizeMax: 10, lifeMs: 100 });
    for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3 })) map.set(key, value, 0);
    map.forget((value) => value !== 2);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => map.get(key, 0)),
      [undefined, 2, undefined],
    );
  });
});
