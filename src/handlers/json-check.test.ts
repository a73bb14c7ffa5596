import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isJson } from './json-check.ts';

const long = (tail: string) => Buffer.from(`["${'x'.repeat(300_000)}"${tail}`);

describe('isJson', () => {
  for (const [name, bytes, expected] of [
    ['an object', Buffer.from('{"a":1}'), true],
    ['a number with blanks around it', Buffer.from(' 1\n'), true],
    ['nothing', Buffer.alloc(0), false],
    ['two values', Buffer.from('1 2'), false],
    ['NaN', Buffer.from('NaN'), false],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), false],
    ['a byte order mark', Buffer.from('\ufeff1'), false],
    ['a long text, checked in a thread', long(']'), true],
    ['a long text that breaks off', long(''), false],
  ] as const) {
    it(`says ${expected} to ${name}`, async () => assert.equal(await isJson(bytes), expected));
  }
});
