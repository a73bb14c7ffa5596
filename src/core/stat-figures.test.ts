import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addFigures, addOtherType, countRun, noFigures, RUN_STEPS, runTimeAt } from './stat-figures.ts';

function runsOf(...times: readonly number[]) {
  const figures = noFigures();
  for (const ms of times) countRun(figures, ms);
  return figures;
}

describe('runTimeAt', () => {
  test('is null without runs, and the one time where all took the same', () => {
    assert.equal(runTimeAt(noFigures(), 0.5), null);
    for (const ms of [0, 1, 2, 3, 100, 4_096, 10_000_000]) {
      const at = runTimeAt(runsOf(ms, ms, ms), 0.95) ?? -1;
      assert.ok(at <= ms && at >= ms / 2, `${ms}: ${at}`);
    }
  });

  test('lies within a third of the true quantile for times that spread evenly', () => {
    const times = Array.from({ length: 1_000 }, (_, index) => index + 1);
    for (const share of [0.5, 0.95]) {
      const truth = share * 1_000;
      const at = runTimeAt(runsOf(...times), share) ?? 0;
      assert.ok(Math.abs(at - truth) < truth / 3, `${share}: ${at}`);
    }
  });

  test('never exceeds the longest run, and counts times of days in the last step', () => {
    const figures = runsOf(5, 86_400_000, 2 ** 40);
    assert.equal(figures.runSteps[RUN_STEPS - 1], 2);
    assert.equal(runTimeAt(figures, 1), 2 ** 40);
  });
});

test('addFigures takes the largest queue, addOtherType both', () => {
  const one = { ...runsOf(10), submitted: 2, waiting: 5 };
  const other = { ...runsOf(30), submitted: 3, waiting: 7 };
  const same = noFigures();
  const both = noFigures();
  for (const figures of [one, other]) {
    addFigures(same, figures);
    addOtherType(both, figures);
  }
  assert.deepEqual([same.waiting, same.submitted, same.runs, same.runMs, same.runMsMax], [7, 5, 2, 40, 30]);
  assert.deepEqual([both.waiting, both.submitted], [12, 5]);
});
