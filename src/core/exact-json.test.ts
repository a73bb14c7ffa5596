import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseForPassingOn } from './exact-json.ts';
import { fieldsOf, isObject, textOf } from './json-object.ts';
import { literalOf } from './raw-json.ts';

describe('parseForPassingOn', () => {
  it('gives every number back as the text that it was', () => {
    for (const text of [
      '{"a":[9007199254740993,1e400,2],"b":{"c":-12345678901234567890,"d":"x"}}',
      '[{"a":"1,[{","b\\"":{"\\\\":1e-400}},[],{},[[1,-1E+999]],12345678901234567890]',
      '{"__proto__":9007199254740993,"x":{"__proto__":{"y":[1e400]}}}',
      '9007199254740993',
    ]) {
      assert.equal(JSON.stringify(parseForPassingOn(text)), text);
    }
  });

  it('is JSON.parse for everything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseForPassingOn(text), JSON.parse(text));
        // With something suspicious at its end, it takes the other way.
        assert.equal(
          JSON.stringify(parseForPassingOn(`[${text},1e400]`)),
          `[${JSON.stringify(JSON.parse(text))},1e400]`,
        );
      }),
    );
  });

  it('takes the last of two values of a key, whatever the first was', () => {
    for (const [text, last] of [
      ['{"a":1e400,"a":1}', '{"a":1}'],
      ['{"a":[1e400],"a":5}', '{"a":5}'],
      ['{"a":[1e400],"a":{"0":1}}', '{"a":{"0":1}}'],
      ['{"a":1e400,"a":[1]}', '{"a":[1]}'],
      ['{"a":{"x":1},"a":1e400}', '{"a":1e400}'],
      ['{"a":1e400,"a":1e400}', '{"a":1e400}'],
    ] as const) {
      assert.equal(JSON.stringify(parseForPassingOn(text)), last);
    }
  });

  it('gives raw numbers as what they are: neither objects nor numbers', () => {
    const raw = parseForPassingOn('9007199254740993');
    assert.equal(isObject(raw), false);
    assert.deepEqual(fieldsOf(raw), {});
    assert.equal(textOf(raw), '9007199254740993');
    assert.equal(literalOf(raw), '9007199254740993');
    for (const other of [null, 1, '1', {}, [], { rawJSON: '1' }]) assert.equal(literalOf(other), null);
  });
});
