import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { charsetOf, isJsonType, mediaTypeOf } from './media-type.ts';

describe('mediaTypeOf', () => {
  test('leaves out parameters, case and space', () => {
    assert.equal(mediaTypeOf(' Application/JSON ; charset=utf-8'), 'application/json');
    assert.equal(mediaTypeOf(undefined), '');
    assert.equal(mediaTypeOf(''), '');
  });
});

describe('isJsonType', () => {
  test('says yes to whatever claims to be JSON, and to nothing else', () => {
    for (const type of [
      'application/json',
      'APPLICATION/JSON;charset=utf-8',
      'text/json',
      'application/problem+json ;x',
    ])
      assert.equal(isJsonType(type), true, type);
    for (const type of [
      undefined,
      '',
      'json',
      'application/jsonl',
      'application/x-json',
      'text/plain; a=application/json',
    ])
      assert.equal(isJsonType(type), false, type);
  });
});

test('charsetOf finds the charset among the parameters, and nothing that is none', () => {
  assert.equal(charsetOf('text/plain; charset=UTF-8'), 'utf-8');
  assert.equal(charsetOf('text/plain;format=flowed ; Charset="ISO-8859-1"'), 'iso-8859-1');
  for (const none of [undefined, '', 'text/plain', 'text/plain; charset=', 'a/b; charset="x y"', 'charset=utf-8'])
    assert.equal(charsetOf(none), null);
});
