import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { complaintAbout, resultComplaint, vouchFor } from './json-check.ts';

const LIMITS = { jsonDepthMax: 20 };
const NO_JSON = 'is not one JSON value in UTF-8';
const TOO_DEEP = 'is nested deeper than 20 levels (jsonDepthMax)';
const long = (tail: string) => Buffer.from(`["${'x'.repeat(300_000)}"${tail}`);
const nested = (depth: number, inner = '') => Buffer.from('['.repeat(depth) + inner + ']'.repeat(depth));

describe('complaintAbout', () => {
  for (const [name, bytes, expected] of [
    ['an object', Buffer.from('{"a":1}'), null],
    ['a number with blanks around it', Buffer.from(' 1\n'), null],
    ['nothing', Buffer.alloc(0), NO_JSON],
    ['two values', Buffer.from('1 2'), NO_JSON],
    ['NaN', Buffer.from('NaN'), NO_JSON],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), NO_JSON],
    ['a byte order mark', Buffer.from('\ufeff1'), NO_JSON],
    ['the deepest nesting that is taken', nested(20), null],
    ['one level more', nested(21), TOO_DEEP],
    ['30,000 brackets that never close', Buffer.from('['.repeat(30_000)), TOO_DEEP],
    ['a long text, checked in a thread', long(']'), null],
    ['a long text that breaks off', long(''), NO_JSON],
    ['a long text that nests too deep', nested(21, `"${'x'.repeat(300_000)}"`), TOO_DEEP],
  ] as const) {
    it(`says ${expected} of ${name}`, async () => assert.equal(await complaintAbout(bytes, LIMITS), expected));
  }

  it('checks several long texts one after another, each rightly', async () => {
    const answers = [long(']'), long(''), long(']')].map((bytes) => complaintAbout(bytes, LIMITS));
    assert.deepEqual(await Promise.all(answers), [null, NO_JSON, null]);
  });

  it('answers at once for bytes that it has checked, or that somebody vouched for', async () => {
    const checked = long(']');
    await complaintAbout(checked, LIMITS);
    assert.equal(complaintAbout(checked, LIMITS), null);
    const written = long(']');
    vouchFor(written);
    assert.equal(complaintAbout(written, LIMITS), null);
  });
});

describe('resultComplaint', () => {
  it('looks only into what calls itself JSON', async () => {
    const bytes = Buffer.from('{');
    assert.equal(await resultComplaint({ contentType: 'text/plain', bytes }, LIMITS), null);
    for (const contentType of ['application/json', 'text/json; charset=utf-8', 'application/problem+json']) {
      assert.equal(await resultComplaint({ contentType, bytes }, LIMITS), NO_JSON);
    }
  });
});
