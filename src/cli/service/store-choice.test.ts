import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLine } from '../option.ts';
import { STORE_CHOICE_OPTIONS, storeChoiceOf } from './store-choice.ts';

const URL = 'postgresql://bide@db/bide';

function choiceOf(line: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return storeChoiceOf(parseLine(line, STORE_CHOICE_OPTIONS).values, env);
}

describe('storeChoiceOf', () => {
  test('takes the data folder unless a database is named', () => {
    assert.deepEqual(choiceOf([]), { dataFolder: './bide-data' });
    assert.deepEqual(choiceOf(['--data', 'x']), { dataFolder: 'x' });
    const database = { url: URL, schema: 's', notify: false };
    assert.deepEqual(choiceOf(['--database', URL, '--schema', 's']), { database });
    assert.deepEqual(choiceOf(['--schema', 's'], { BIDE_DATABASE: URL }), { database });
  });

  test('takes a named folder although the environment names a database', () => {
    assert.deepEqual(choiceOf(['--data', 'x'], { BIDE_DATABASE: URL }), { dataFolder: 'x' });
  });

  test('refuses two stores, and a schema for a folder', () => {
    assert.throws(() => choiceOf(['--data', 'x', '--database', URL]), { code: 'USAGE', message: /name two stores/ });
    assert.throws(() => choiceOf(['--data', 'x', '--schema', 's'], { BIDE_DATABASE: URL }), { code: 'USAGE' });
  });
});
