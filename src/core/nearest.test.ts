import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const COMMANDS = ['serve', 'submit', 'status', 'wait', 'result', 'retry', 'list', 'cancel', 'keys'];

test('nearest finds the word behind swaps, gaps, additions and capitals', () => {
  const cases = {
    statsu: 'status',
    sumbit: 'submit',
    wiat: 'wait',
    resutl: 'result',
    cancle: 'cancel',
    key: 'keys',
    LIST: 'list',
  };
  for (const [typed, meant] of Object.entries(cases)) assert.equal(nearest(typed, COMMANDS), meant, typed);
});

test('nearest finds nothing where nothing is near', () => {
  for (const typed of ['xyz', 'frobnicate', '', 'w']) assert.equal(nearest(typed, COMMANDS), null, typed);
});
