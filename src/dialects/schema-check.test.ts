import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import { wireOf } from './native/wire.ts';
import { compileCheck } from './schema-check.ts';

const WIRE = wireOf(DEFAULT_LIMITS);

describe('compileCheck', () => {
  const check = compileCheck(WIRE.submit);
  const complaints = (value: unknown) => check(value)?.map(({ path, message }) => `${path} ${message}`);

  test('finds nothing wrong with a good request', () => {
    const request = {
      type: 't',
      input: null,
      tags: {},
      runAt: null,
      retry: { attempts: 1, factor: 1.5 },
      priority: -100,
    };
    assert.equal(check(request), null);
  });

  test('says each place once, in a sentence', () => {
    assert.deepEqual(complaints({ type: 5, runAt: 7, retry: [], colour: 'red' }), [
      '/colour is not a field that is known here',
      '/type must be a string',
      '/runAt must be a string or null',
      '/retry must be an object or null',
    ]);
    assert.deepEqual(complaints({}), ['/type is missing']);
    assert.deepEqual(complaints('text'), [' must be an object']);
  });

  test('shows how a text is to be written, and no pattern', () => {
    assert.deepEqual(complaints({ type: 't', runAt: 'tomorrow' }), [
      '/runAt must be written like 2026-01-31T12:00:00Z or null',
    ]);
    assert.deepEqual(compileCheck(WIRE.listQuery)({ tag: ['a'] }), [
      { path: '/tag/0', message: 'must be written like team:blue' },
    ]);
  });

  test('says what is wrong further in without "or null"', () => {
    assert.deepEqual(complaints({ type: 't', retry: { attempts: 0, tries: 1 } }), [
      '/retry/tries is not a field that is known here',
      '/retry/attempts must be >= 1',
    ]);
  });

  test('names a bounded number of places', () => {
    const unknown = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, index]));
    const count = check({ type: 't', ...unknown })?.length ?? 0;
    assert.ok(count >= 5 && count <= 20, String(count));
  });
});
