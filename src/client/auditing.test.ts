import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer } from './fake-server.ts';

test('audit goes through the pages, with what is asked of it', async () => {
  const pages = [
    { deeds: [{ id: 'a' }, { id: 'b' }], next: 'more' },
    { deeds: [{ id: 'c' }], next: null },
  ];
  const { options, requests } = fakeServer((_, count) => ({ json: pages[count - 1] }));
  const client = createClient(options);
  const asked = { deeds: ['key.create', 'key.revoke'], from: new Date(0), pageSize: 2 } as const;
  const seen: string[] = [];
  for await (const { id } of client.audit(asked)) seen.push(id);
  assert.deepEqual(seen, ['a', 'b', 'c']);
  assert.deepEqual(
    requests.map(({ url }) => `${url.pathname}${url.search}`),
    ['', '&cursor=more'].map(
      (rest) => `/v1/audit?deed=key.create&deed=key.revoke&from=1970-01-01T00%3A00%3A00.000Z&limit=2${rest}`,
    ),
  );
  assert.throws(() => client.audit({ deed: 'x' } as object), /audit has no option "deed"; it has deeds, from/);
});
