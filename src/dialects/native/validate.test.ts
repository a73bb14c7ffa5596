import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import { validatorCompiler } from './validate.ts';
import { wireOf } from './wire.ts';

const WIRE = wireOf(DEFAULT_LIMITS);

describe('validatorCompiler', () => {
  const part = { schema: WIRE.listQuery, method: 'GET', url: '/v1/jobs', httpPart: 'querystring' } as const;
  const read = validatorCompiler(part as unknown as Parameters<typeof validatorCompiler>[0]);

  test('reads numbers and repeated parameters of a query, and leaves the query alone', () => {
    const query = { limit: '7', state: 'queued', type: ['a', 'b'] };
    assert.deepEqual(read(query), { value: { limit: 7, state: ['queued'], type: ['a', 'b'] } });
    assert.equal(query.limit, '7');
  });

  test('reads no number where there is none', () => {
    for (const limit of ['', ' 7', '7 ', '1e2', '0x7', 'true', 'NaN', '+7', ['7', '8']]) {
      assert.ok('error' in (read({ limit }) as object), String(limit));
    }
  });
});
