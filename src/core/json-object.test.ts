import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fieldsOf, isObject, textOf } from './json-object.ts';

describe('isObject', () => {
  test('is true of what has members, and of nothing else', () => {
    for (const value of [{}, { a: 1 }, Object.create(null)]) assert.equal(isObject(value), true);
    for (const value of [null, undefined, [], [1], 'text', 1, true]) assert.equal(isObject(value), false);
  });
});

describe('fieldsOf', () => {
  test('gives the members of an object, none of anything else', () => {
    assert.deepEqual(fieldsOf({ a: 1 }), { a: 1 });
    for (const value of [null, undefined, [1], 'text']) assert.deepEqual(fieldsOf(value), {});
  });
});

describe('textOf', () => {
  test('says any value, also one that has no way to say itself', () => {
    assert.deepEqual(['a', 1, null, [1], { toString: 1 }].map(textOf), ['a', '1', 'null', '[1]', '{"toString":1}']);
  });
});
