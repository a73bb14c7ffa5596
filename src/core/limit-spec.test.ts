import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeyLimit, keyLimitIssues } from './limit-spec.ts';
import { DEFAULT_LIMITS } from './limits.ts';

function issuesOf(limit: unknown): readonly string[] {
  const issues: string[] = [];
  keyLimitIssues(limit as KeyLimit, DEFAULT_LIMITS, '/limit', (path, message) => issues.push(`${path} ${message}`));
  return issues;
}

test('a key with both bounds, one or none is well', () => {
  const rate = { count: 100, perMs: 60_000 };
  for (const bounds of [{}, { concurrency: 3 }, { rate }, { concurrency: 3, rate }, { concurrency: null, rate: null }])
    assert.deepEqual(issuesOf({ key: 'customer-42', ...bounds }), []);
});

test('what is wrong names its place and says what would do', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ['c', '/limit must be an object with a key'],
    [{}, '/limit/key must have 1 to 200 characters'],
    [{ key: '' }, '/limit/key must have 1 to 200 characters'],
    [{ key: 'k'.repeat(10_000) }, '/limit/key must have 1 to 200 characters'],
    [{ key: '\ud800' }, '/limit/key must be text without lone surrogates'],
    [
      { key: 'k', concurrency: 0 },
      '/limit/concurrency must be a whole number from 1 to 10000; to let nothing start, close the key',
    ],
    [{ key: 'k', concurrency: 1.5 }, '/limit/concurrency must be a whole number from 1 to 10000'],
    [{ key: 'k', rate: 5 }, '/limit/rate must be an object with count and perMs'],
    [
      { key: 'k', rate: { count: 0, perMs: 1_000 } },
      '/limit/rate/count must be a whole number from 1 to 10000; to let nothing start, close the key',
    ],
    [{ key: 'k', rate: { count: 1, perMs: -1 } }, '/limit/rate/perMs must be a whole number from 1 to 86400000'],
    [{ key: 'k', rate: { count: 1 } }, '/limit/rate/perMs must be a whole number from 1 to 86400000'],
  ];
  for (const [limit, issue] of cases) assert.deepEqual(issuesOf(limit), [issue]);
});
