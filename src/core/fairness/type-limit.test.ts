import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { opensAt, roomOfType, type Starts, startedAt, startsKept } from './type-limit.ts';

test('what runs counts against the concurrency', () => {
  assert.equal(roomOfType({ concurrency: 3 }, { running: 1, starts: [] }, 0), 2);
  assert.equal(roomOfType({ concurrency: 3 }, { running: 5, starts: [] }, 0), 0);
  assert.equal(roomOfType({}, { running: 5, starts: [] }, 0), Number.POSITIVE_INFINITY);
});

test('a rate that is used up opens when its oldest start no longer counts', () => {
  const rate = { count: 2, perMs: 1_000 };
  const starts: Starts = [
    [100, 1],
    [400, 1],
  ];
  assert.equal(opensAt({ rate }, starts, 500), 1_100);
  assert.equal(roomOfType({ rate }, { running: 0, starts }, 1_099), 0);
  assert.equal(roomOfType({ rate }, { running: 0, starts }, 1_100), 1);
  assert.equal(opensAt({ rate }, starts, 1_100), null);
});

test('in no stretch do more start than the rate says, also when clocks differ and moments are joined', () => {
  const claims = fc.array(
    fc.record({ stepMs: fc.integer({ min: -20, max: 60 }), wanted: fc.integer({ min: 1, max: 9 }) }),
    {
      maxLength: 300,
    },
  );
  fc.assert(
    fc.property(claims, fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 1_000 }), (steps, count, perMs) => {
      const rate = { count, perMs };
      const all: (readonly [number, number])[] = [];
      let starts: Starts = [];
      let now = 1_000;
      for (const { stepMs, wanted } of steps) {
        now += stepMs;
        const got = Math.min(wanted, roomOfType({ rate }, { running: 0, starts }, now));
        if (got === 0) continue;
        const at = startedAt(starts, now);
        starts = [...startsKept(rate, starts, now), [at, got]];
        all.push([at, got]);
        assert.ok(starts.length <= 64);
        const within = all.filter(([moment]) => moment > at - perMs).reduce((sum, [, jobs]) => sum + jobs, 0);
        assert.ok(within <= count, `${within} within ${perMs} ms`);
      }
    }),
  );
});
