import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inlineText } from './inline-result.ts';

const LIMITS = { resultInlineBytesMax: 1_000, jsonDepthMax: 20 };

describe('inlineText', () => {
  for (const [what, contentType, text, expected] of [
    ['JSON', 'application/json; charset=utf-8', '{"a":1}', '{"a":1}'],
    ['another type', 'text/plain', '1', null],
    ['JSON over the limit', 'application/json', `"${'x'.repeat(1_000)}"`, null],
    ['what calls itself JSON and is not', 'application/json', '{"a":', null],
    ['what is not UTF-8', 'application/json', '"\xff"', null],
    ['what nests too deep', 'application/json', '['.repeat(21) + ']'.repeat(21), null],
  ] as const) {
    it(`shows ${expected === null ? 'nothing' : 'the text'} of ${what}`, () => {
      assert.equal(inlineText({ contentType, bytes: Buffer.from(text, 'latin1') }, LIMITS), expected);
    });
  }
});
