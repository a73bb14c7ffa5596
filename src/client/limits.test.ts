import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer } from './fake-server.ts';

test('calls of limits go to their paths, with their bodies', async () => {
  const { options, requests } = fakeServer(() => ({ json: { limits: [], next: null } }));
  const { limits } = createClient(options);
  await limits.listPage({ after: 'a&b', pageSize: 5 });
  await limits.get('a/b');
  await limits.set('a/b', { concurrency: 3, rate: null });
  await limits.close('a/b');
  await limits.close('a/b', { closeMs: 30_000 });
  await limits.open('a/b');
  await limits.remove('a/b');
  assert.deepEqual(
    requests.map(({ method, url, json }) => [method, url.pathname + url.search, json]),
    [
      ['GET', '/v1/limits?after=a%26b&limit=5', undefined],
      ['GET', '/v1/limits/a%2Fb', undefined],
      ['PUT', '/v1/limits/a%2Fb', { concurrency: 3, rate: null }],
      ['POST', '/v1/limits/a%2Fb/close', {}],
      ['POST', '/v1/limits/a%2Fb/close', { untilMs: 30_000 }],
      ['POST', '/v1/limits/a%2Fb/open', undefined],
      ['DELETE', '/v1/limits/a%2Fb', undefined],
    ],
  );
});

test('limits are read page by page', async () => {
  const pages = [
    { limits: [{ key: 'a' }, { key: 'b' }], next: 'b' },
    { limits: [{ key: 'c' }], next: null },
  ];
  const { options, requests } = fakeServer((_, count) => ({ json: pages[count - 1] }));
  const keys: string[] = [];
  for await (const { key } of createClient(options).limits.list({ pageSize: 2 })) keys.push(key);
  assert.deepEqual(keys, ['a', 'b', 'c']);
  assert.deepEqual(
    requests.map(({ url }) => url.search),
    ['?limit=2', '?after=b&limit=2'],
  );
});
