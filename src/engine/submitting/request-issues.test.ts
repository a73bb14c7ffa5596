import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import type { SubmitRequest } from '../index.ts';
import { requestHash, stableText } from './request-hash.ts';
import { requestIssues } from './request-issues.ts';

const NOW = 1_750_000_000_000;
const DAY = 24 * 60 * 60 * 1_000;

function issues(request: Partial<SubmitRequest>): string[] {
  const all = requestIssues({ tenant: 't', type: 'x', ...request }, NOW, DEFAULT_LIMITS);
  return all.map(({ path, message }) => `${path} ${message}`);
}

describe('requestIssues', () => {
  it('finds nothing wrong with a request that uses every field to its limit', () => {
    const request = {
      ...{ priority: -100, runAt: NOW + 366 * DAY, timeoutMs: 7 * DAY, deadlineMs: 1, retainMs: 0 },
      ...{ idempotencyKey: 'k'.repeat(255), sequenceKey: 's', callback: { url: 'https://x.example/?a=b' } },
      tags: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`tag-${index}`, 'v'.repeat(500)])),
      retry: { attempts: 100, backoffMs: 0, factor: 1, maxMs: 7 * DAY },
    };
    assert.deepEqual(issues(request), []);
    assert.deepEqual(issues({ runAt: null, delayMs: null, retry: null, callback: null, tags: {} }), []);
  });

  for (const [request, expected] of [
    [{ priority: 101 }, '/priority must be a whole number from -100 to 100'],
    [{ priority: 0.5 }, '/priority must be a whole number from -100 to 100'],
    [{ delayMs: -1 }, `/delayMs must be a whole number from 0 to ${366 * DAY}`],
    [{ timeoutMs: 0 }, `/timeoutMs must be a whole number from 1 to ${7 * DAY}`],
    [{ deadlineMs: Number.NaN }, `/deadlineMs must be a whole number from 1 to ${7 * DAY}`],
    [{ retainMs: 367 * DAY }, `/retainMs must be a whole number from 0 to ${366 * DAY}`],
    [{ runAt: NOW + 367 * DAY }, `/runAt must be at most ${366 * DAY} ms ahead`],
    [{ runAt: Number.NaN }, '/runAt must be a point in time'],
    [{ runAt: NOW, delayMs: 1 }, '/delayMs must not be given together with runAt'],
    [{ idempotencyKey: '' }, '/idempotencyKey must have 1 to 255 characters'],
    [{ sequenceKey: 's'.repeat(256) }, '/sequenceKey must have 1 to 255 characters'],
    [{ sequenceKey: '\ud800' }, '/sequenceKey must be text without lone surrogates'],
    [{ idempotencyKey: 'a\udc00' }, '/idempotencyKey must be text without lone surrogates'],
    [{ unique: { key: '\ud800', mode: 'reject' } }, '/unique/key must be text without lone surrogates'],
    [{ type: 't'.repeat(101) }, '/type must have at most 100 characters'],
    [{ retry: { attempts: 0 } }, '/retry/attempts must be a whole number from 1 to 100'],
    [{ retry: { backoffMs: -1 } }, `/retry/backoffMs must be a whole number from 0 to ${7 * DAY}`],
    [{ retry: { backoffMs: 5, maxMs: 4 } }, '/retry/maxMs must not be less than backoffMs, which is the first wait'],
    [{ retry: { factor: 0.5 } }, '/retry/factor must be a number from 1 to 10'],
    [{ retry: { factor: Number.NaN } }, '/retry/factor must be a number from 1 to 10'],
    [{ tags: { '': 'x' } }, '/tags/ must have a name of 1 to 100 characters'],
    [{ tags: { 'a/b~c': 'v'.repeat(501) } }, '/tags/a~1b~0c must be a text of at most 500 characters'],
    [{ tags: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [i, ''])) }, '/tags must have at most 20 tags'],
    [{ callback: { url: 'ftp://x.example/' } }, '/callback/url must be an absolute http or https URL'],
    [
      { callback: { url: 'http://10.1.2.3/' } },
      '/callback/url must not lead to a private address, and 10.1.2.3 is one',
    ],
    [{ callback: { url: 'http://[::1]:9/' } }, '/callback/url must not lead to a private address, and [::1] is one'],
    [
      { callback: { url: 'http://2130706433/' } },
      '/callback/url must not lead to a private address, and 127.0.0.1 is one',
    ],
    [
      { callback: { url: 'http://localhost/' } },
      '/callback/url must not lead to a private address, and localhost is one',
    ],
    [{ callback: { url: '/hook' } }, '/callback/url must be an absolute http or https URL'],
    [{ callback: { url: `http://x.example/${'a'.repeat(2_000)}` } }, '/callback/url must have at most 2000 characters'],
  ] as const) {
    it(`says "${expected}"`, () => assert.deepEqual(issues(request), [expected]));
  }
});

describe('requestHash', () => {
  const base = { tenant: 't', type: 'x', input: { a: 1, b: [1, { c: 2, d: 3 }] } };

  it('is the same for the same request, whatever the order of keys, the tenant or the origin', () => {
    const other = {
      tenant: 'u',
      type: 'x',
      input: { b: [1, { d: 3, c: 2 }], a: 1 },
      origin: { dialect: 'd', data: 1 },
    };
    assert.equal(requestHash(base), requestHash(other));
    assert.equal(requestHash(base), requestHash({ ...base, priority: undefined, tags: null as never }));
    assert.match(requestHash(base), /^[0-9a-f]{64}$/);
  });

  it('differs when anything that was asked for differs', () => {
    const variants = [
      { type: 'y' },
      { input: { a: 1, b: [{ c: 2, d: 3 }, 1] } },
      { input: null },
      { priority: 1 },
      { tags: { a: 'b' } },
      { delayMs: 5 },
      { timeoutMs: 5 },
      { deadlineMs: 5 },
      { retainMs: 5 },
      { runAt: 5 },
      { retry: { attempts: 5 } },
      { callback: { url: 'http://a.example' } },
      { sequenceKey: 'a' },
    ];
    const hashes = [base, ...variants.map((variant) => ({ ...base, ...variant }))].map(requestHash);
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('is taken over a text with ordered keys, and keeps a key named __proto__', () => {
    assert.equal(stableText({ b: 1, a: { d: [], c: null } }), '{"a":{"c":null,"d":[]},"b":1}');
    const odd = JSON.parse('{"__proto__":{"x":1},"a":1}');
    assert.notEqual(stableText(odd), stableText({ a: 1 }));
  });
});
