import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { askedWaitMs, backoffMs, isContradiction, RETRY_AFTER_MS_MAX, retryWith } from './retry.ts';

const POLICY = { attempts: 10, backoffMs: 1_000, factor: 2, maxMs: 10_000 };

test('backoffMs doubles from try to try up to the longest wait', () => {
  const waits = [1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(POLICY, attempt, 0));
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test('backoffMs takes at most a half off by jitter', () => {
  assert.equal(backoffMs(POLICY, 1, 0.5), 750);
  assert.equal(backoffMs(POLICY, 1, 0.999_999), 500);
});

test('backoffMs stays a whole number within the promise for any policy and any attempt', () => {
  const policies = fc.record({
    attempts: fc.nat(10_000),
    backoffMs: fc.nat(604_800_000),
    factor: fc.double({ min: 1, max: 1_000, noNaN: true }),
    maxMs: fc.nat(604_800_000),
  });
  const property = fc.property(
    policies,
    fc.nat(10_000),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
    (policy, n, r) => {
      const wait = backoffMs(policy, n, r);
      assert.ok(Number.isSafeInteger(wait) && wait >= 0 && wait <= policy.maxMs, `${wait}`);
    },
  );
  fc.assert(property, { numRuns: 2_000 });
});

test('backoffMs is 0 at every attempt of a policy without backoff', () => {
  assert.equal(backoffMs({ ...POLICY, backoffMs: 0 }, 5_000, 0.5), 0);
});

test('askedWaitMs keeps what makes sense and bounds the rest', () => {
  const asked: [number | undefined, number][] = [
    [undefined, 0],
    [Number.NaN, 0],
    [-5, 0],
    [1_500.4, 1_500],
    [Number.POSITIVE_INFINITY, RETRY_AFTER_MS_MAX],
  ];
  for (const [said, kept] of asked) assert.equal(askedWaitMs(said), kept, String(said));
});

test('retryWith lets what is given rule what is a default', () => {
  assert.deepEqual(retryWith(POLICY, {}), POLICY);
  assert.deepEqual(retryWith(POLICY, { factor: 3 }), { ...POLICY, factor: 3 });
  assert.deepEqual(retryWith(POLICY, { backoffMs: 300_000 }), { ...POLICY, backoffMs: 300_000, maxMs: 300_000 });
  assert.deepEqual(retryWith(POLICY, { maxMs: 100 }), { ...POLICY, backoffMs: 100, maxMs: 100 });
  assert.deepEqual(retryWith(POLICY, { backoffMs: 5, maxMs: 7 }), { ...POLICY, backoffMs: 5, maxMs: 7 });
});

test('isContradiction sees a first wait above the longest one, where both are given', () => {
  assert.equal(isContradiction({ backoffMs: 2, maxMs: 1 }), true);
  for (const fine of [{ backoffMs: 2 }, { maxMs: 1 }, { backoffMs: 2, maxMs: 2 }, {}])
    assert.equal(isContradiction(fine), false);
});
