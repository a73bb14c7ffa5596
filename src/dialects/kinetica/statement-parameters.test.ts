import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parametersOf, withNumberedPlaceholders } from './statement-parameters.ts';

test('parametersOf reads a list of scalars, one row of rows, and nothing in all its spellings', () => {
  assert.deepEqual(parametersOf({ query_parameters: '[1,"a",true,null]' }), [1, 'a', true, null]);
  assert.deepEqual(parametersOf({ query_parameters: '[[1,"a"]]' }), [1, 'a']);
  for (const none of ['', ' ', 'null', '[]', '[[]]']) assert.equal(parametersOf({ query_parameters: none }), undefined);
  assert.equal(parametersOf({}), undefined);
});

test('parametersOf refuses what is no list of scalars', () => {
  for (const text of ['1', '{', '"a"', '{"0":1}', '[{}]', '[1,[2]]', '[[[1]]]']) {
    assert.throws(() => parametersOf({ query_parameters: text }), /query_parameters must be/, text);
  }
});

test('parametersOf refuses a number that would reach the engine as another one', () => {
  for (const text of ['[9007199254740993]', '[[1,1e400]]']) {
    assert.throws(() => parametersOf({ query_parameters: text }), /double cannot hold/, text);
  }
  assert.deepEqual(parametersOf({ query_parameters: '["9007199254740993"]' }), ['9007199254740993']);
});

test('withNumberedPlaceholders turns :1 into $1 where a value may stand', () => {
  for (const [given, expected] of [
    ['SELECT :1', 'SELECT $1'],
    ['x=:1 AND y IN (:2,:10)', 'x=$1 AND y IN ($2,$10)'],
    [':2', '$2'],
    ['a ? b $1', 'a ? b $1'],
  ] as const) {
    assert.equal(withNumberedPlaceholders(given), expected);
  }
});

test('withNumberedPlaceholders leaves quoted and commented text, casts, slices and members', () => {
  for (const text of [
    "':1' || 'it''s :2'",
    '":1"',
    '-- :1\n1',
    '/* :1 */ 1',
    '$$ :1 $$',
    "x::1 a[1:2] b[1]:3 {'a':1}",
    "'open :1",
    '/* open :1',
  ]) {
    assert.equal(withNumberedPlaceholders(text), text);
  }
  assert.equal(withNumberedPlaceholders("':1' = :1 -- :2\n AND :3"), "':1' = $1 -- :2\n AND $3");
});
