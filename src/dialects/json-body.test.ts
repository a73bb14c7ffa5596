import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readJson } from './json-body.ts';

const read = (text: string, depthMax = 100) => readJson(Buffer.from(text), depthMax);

describe('readJson', () => {
  test('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.deepEqual(read(text), JSON.parse(text));
      }),
    );
  });

  test('takes an empty body for none', () => {
    assert.equal(read(''), undefined);
  });

  test('refuses what is not JSON, and does not repeat it', () => {
    for (const text of ['{', 'secret', '{"a":secret}', '[1,]', "{'secret':1}", '"secret', '\u0000']) {
      assert.throws(
        () => read(text),
        (error: Error & { code?: string }) => error.code === 'MALFORMED_JSON' && !error.message.includes('secret'),
        text,
      );
    }
    assert.throws(() => readJson(Buffer.from([0x22, 0xc3, 0x28, 0x22]), 100), { code: 'MALFORMED_JSON' });
  });

  test('refuses nesting beyond the limit, exactly', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    assert.ok(Array.isArray(read(nested(20), 20)));
    assert.throws(() => read(nested(21), 20), {
      code: 'INVALID_REQUEST',
      details: { limit: 'jsonDepthMax', value: 20 },
    });
    assert.throws(() => read('{"a":'.repeat(21), 20), { code: 'INVALID_REQUEST' });
  });

  test('counts no brackets inside strings', () => {
    const text = JSON.stringify({ a: '['.repeat(50), b: '"[[[\\"[[['.repeat(10), c: [] });
    assert.deepEqual(read(text, 5), JSON.parse(text));
  });
});
