import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { agedAt, type Level, takenOfLevels } from './aging.ts';

test('a job of a low priority comes before one that became due long after it', () => {
  const levels: Level[] = [
    { priority: 2, runAts: [1_000, 5_000] },
    { priority: 0, runAts: [0, 3_500] },
  ];
  assert.deepEqual(takenOfLevels(levels, 1_000, 1), [1, 0]);
  assert.deepEqual(takenOfLevels(levels, 1_000, 2), [1, 1]);
  assert.deepEqual(takenOfLevels(levels, 1_000, 3), [2, 1]);
  assert.deepEqual(takenOfLevels(levels, 0, 1), [0, 1]);
});

test('what is taken is what comes first by runAt and priority together', () => {
  const times = fc.array(fc.nat(100), { maxLength: 8 }).map((runAts) => runAts.toSorted((a, b) => a - b));
  const levelsOf = fc
    .array(times, { maxLength: 5 })
    .map((all) => all.map((runAts, index) => ({ priority: -index, runAts })));
  fc.assert(
    fc.property(levelsOf, fc.nat(30), fc.nat(40), (levels, agingMs, max) => {
      const taken = takenOfLevels(levels, agingMs, max);
      const all = levels.flatMap(({ priority, runAts }) => runAts.map((runAt) => ({ priority, runAt })));
      const wanted = all
        .toSorted((a, b) => agedAt(a, agingMs) - agedAt(b, agingMs) || b.priority - a.priority)
        .slice(0, max);
      const counts = levels.map((level) => wanted.filter(({ priority }) => priority === level.priority).length);
      assert.deepEqual(taken, counts);
    }),
  );
});
