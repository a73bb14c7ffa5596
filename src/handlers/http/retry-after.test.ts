import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryAfterMsOf } from './retry-after.ts';

const NOW = Date.parse('2025-06-01T12:00:00Z');

describe('retryAfterMsOf', () => {
  const headers: readonly (readonly [string | undefined, number | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['99999999', 60_000],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2025', 60_000],
    ['Sun, 01 Jun 2025 12:00:30 GMT', 30_000],
    ['Sunday, 01-Jun-25 12:00:30 GMT', 30_000],
    ['Sun, 01 Jun 2025 11:59:00 GMT', 0],
    ['Wed, 01 Jun 2050 12:00:00 GMT', 60_000],
    ['Sun, 99 Jun 2025', undefined],
  ];
  for (const [header, expected] of headers) {
    it(`reads ${JSON.stringify(header)} as ${expected}`, () => {
      assert.equal(retryAfterMsOf(header, NOW, 60_000), expected);
    });
  }
});
