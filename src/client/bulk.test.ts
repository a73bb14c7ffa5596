import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer } from './fake-server.ts';

test('bulk and bulkCount send the filter in the words of the list', async () => {
  const { options, requests } = fakeServer((_, count) => ({
    json: count === 1 ? { count: 7, exact: true } : { id: 'j' },
  }));
  const client = createClient(options);
  const filter = {
    states: ['failed'],
    types: [],
    tags: { 'a:b': 'c', d: 'e' },
    finishedFrom: new Date(0),
    errorCode: 'NO',
    text: 'disk',
  } as const;
  assert.deepEqual(await client.bulkCount('retry', filter), { count: 7, exact: true });
  assert.equal((await client.bulk('remove', {}, { confirm: 'all', idempotencyKey: 'once' })).id, 'j');
  const words = {
    ...{ state: ['failed'], tag: ['a\\:b:c', 'd:e'], finishedFrom: '1970-01-01T00:00:00.000Z' },
    ...{ errorCode: 'NO', text: 'disk' },
  };
  assert.deepEqual(
    requests.map(({ url, json }) => [url.pathname, json]),
    [
      ['/v1/jobs/retry', { filter: words, dryRun: true }],
      ['/v1/jobs/remove', { filter: {}, confirm: 'all' }],
    ],
  );
  await assert.rejects(
    client.bulk('cancel', { state: 'failed' } as object),
    /bulk has no option "state"; it has states/,
  );
});
