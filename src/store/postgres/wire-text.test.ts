import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { givenText, plainArray, storedText, textArray } from './wire-text.ts';

/** Texts made of the characters that matter to the escape, and of any others. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\0', '\uE000', '\uE001', '\uE002', 'a', '"', '\\', ',', '{', '}', 'NULL') }),
);

describe('storedText', () => {
  test('givenText gives back what storedText was given, for every text', () => {
    fc.assert(fc.property(text, (given) => assert.equal(givenText(storedText(given)), given)));
  });

  test('storedText has no character that PostgreSQL refuses, for every text', () => {
    fc.assert(fc.property(text, (given) => assert.ok(!storedText(given).includes('\0'))));
  });

  test('storedText keeps different texts different', () => {
    fc.assert(fc.property(text, text, (a, b) => assert.equal(storedText(a) === storedText(b), a === b)));
  });

  test('storedText leaves ordinary texts as they are', () => {
    assert.equal(storedText('naïve 🚀 "quoted" \\ \n'), 'naïve 🚀 "quoted" \\ \n');
  });
});

describe('arrays', () => {
  test('textArray reads back as the same texts, for all texts', () => {
    fc.assert(
      fc.property(fc.array(fc.option(text)), (items) => {
        const expected = items.map((item) => (item === null ? null : storedText(item)));
        const isEmpty = expected.every((item) => item === null);
        assert.deepEqual(elementsOf(textArray(items)), isEmpty ? [] : expected);
      }),
    );
  });

  test('textArray tells the text NULL from null', () => {
    assert.equal(textArray(['NULL', null, '']), '{"NULL",NULL,""}');
  });

  test('plainArray writes numbers, ids and nulls without quotes', () => {
    assert.equal(plainArray([1, -2.5, null, 9_007_199_254_740_991]), '{1,-2.5,NULL,9007199254740991}');
    assert.equal(plainArray([]), '{}');
  });
});

/** A reader of array literals, written from the manual: quotes around texts, backslash before quotes and backslashes. */
function elementsOf(literal: string): readonly (string | null)[] {
  const elements: (string | null)[] = [];
  let rest = literal.slice(1, -1);
  while (rest !== '') {
    if (rest.startsWith(',')) rest = rest.slice(1);
    if (rest.startsWith('NULL')) {
      elements.push(null);
      rest = rest.slice(4);
      continue;
    }
    const match = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest);
    assert.ok(match?.[1] !== undefined, `cannot read ${rest}`);
    elements.push(match[1].replace(/\\([\s\S])/g, '$1'));
    rest = rest.slice(match[0].length);
  }
  return elements;
}
