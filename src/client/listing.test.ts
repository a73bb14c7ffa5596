import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer, jobBody } from './fake-server.ts';

test('listPage asks for one page behind a cursor, with the number of jobs in all', async () => {
  const page = { jobs: [jobBody({})], next: 'c2', total: { count: 7, exact: true } };
  const { options, requests } = fakeServer(() => ({ json: page }));
  const client = createClient(options);
  assert.deepEqual(await client.listPage({ states: ['failed'], pageSize: 1, cursor: 'c1', total: true }), page);
  await client.listPage();
  assert.deepEqual(
    requests.map(({ url }) => url.search),
    ['?state=failed&limit=1&cursor=c1&total=true', ''],
  );
  await assert.rejects(client.listPage({ page: 2 } as object), /listPage has no option "page"/);
});

test('list reads page after page by the cursors', async () => {
  const { options, requests } = fakeServer((_, count) => ({
    json: { jobs: [jobBody({ id: `j${count}` })], next: count === 3 ? null : `c${count}` },
  }));
  const ids: string[] = [];
  for await (const { id } of createClient(options).list({ pageSize: 1 })) ids.push(id);
  assert.deepEqual(ids, ['j1', 'j2', 'j3']);
  assert.deepEqual(
    requests.map(({ url }) => url.searchParams.get('cursor')),
    [null, 'c1', 'c2'],
  );
});
