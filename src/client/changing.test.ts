import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer } from './fake-server.ts';

test('resubmit and amend send what is changed alone', async () => {
  const { options, requests } = fakeServer(() => ({ json: { id: 'copy' } }));
  const client = createClient(options);
  await client.resubmit('a/b', { input: null, priority: 2 }, { idempotencyKey: 'once' });
  await client.amend('j', { tags: { a: 'b' }, runAt: new Date(0), deadlineAt: null }, { revision: 7 });
  assert.deepEqual(
    requests.map(({ method, url, json }) => [method, url.pathname, json]),
    [
      ['POST', '/v1/jobs/a%2Fb/resubmit', { input: null, priority: 2 }],
      ['PATCH', '/v1/jobs/j', { tags: { a: 'b' }, runAt: '1970-01-01T00:00:00.000Z', deadlineAt: null }],
    ],
  );
  assert.equal(requests[0]?.headers.get('idempotency-key'), 'once');
  assert.equal(requests[1]?.headers.get('if-match'), '"7"');
  await assert.rejects(client.amend('j', { type: 'x' } as object), /amend has no option "type"; it has priority/);
});
