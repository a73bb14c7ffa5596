import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { progressOf } from './progress-line.ts';

describe('progressOf', () => {
  const lines: readonly (readonly [string, ReturnType<typeof progressOf>])[] = [
    ['progress 40', { percent: 40, message: undefined }],
    ['progress 40 half way there', { percent: 40, message: 'half way there' }],
    ['progress 12.5% copying', { percent: 12.5, message: 'copying' }],
    ['  progress 100  ', { percent: 100, message: undefined }],
    ['progress 0 ', { percent: 0, message: undefined }],
    ['progress 101', null],
    ['progress -1', null],
    ['progress', null],
    ['progress 4e1', null],
    ['progress40', null],
    ['Progress 40', null],
    ['making progress 40', null],
    ['', null],
  ];
  for (const [line, expected] of lines) {
    it(`reads ${JSON.stringify(line)} as ${expected === null ? 'log' : 'progress'}`, () => {
      assert.deepEqual(progressOf(line), expected);
    });
  }
});
