import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMsOf, durationText, typedDuration } from './duration.ts';

test('durationMsOf reads units, fractions and bare seconds, and nothing else', () => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['250ms', 250],
    ['10s', 10_000],
    ['10', 10_000],
    ['0', 0],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['5 m', null],
    ['-1s', null],
    ['s', null],
    ['1w', null],
    ['', null],
    ['1e3', null],
  ];
  for (const [text, ms] of cases) assert.equal(durationMsOf(text), ms, text);
});

test('durationText keeps to two units and never rounds up into the next one', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_999, '59.9 s'],
    [250_000, '4 min 10 s'],
    [3_599_999, '59 min 59 s'],
    [5_400_000, '1 h 30 min'],
    [183_600_000, '2 d 3 h'],
  ];
  for (const [ms, text] of cases) assert.equal(durationText(ms), text);
});

test('typedDuration is what an option takes, exactly', () => {
  for (const [ms, text] of [
    [60_000, '1m'],
    [90_000, '90s'],
    [1_500, '1500ms'],
    [172_800_000, '2d'],
  ] as const) {
    assert.equal(typedDuration(ms), text);
    assert.equal(durationMsOf(text), ms);
  }
});
