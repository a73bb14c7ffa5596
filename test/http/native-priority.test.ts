/** Priorities above 0 go before the jobs of all tenants: only keys with a scope for it may give them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHttp } from './http-fixture.ts';

test('a priority above 0 needs the scope priority, alone and in bulk', async () => {
  await using http = await openHttp();
  const submit = (priority: number, key: string) =>
    http.call('POST', '/v1/jobs', { key, body: { type: 'task', priority } });
  const { submitter, admin } = http.keys;
  const refused = await submit(1, submitter);
  assert.deepEqual([refused.status, refused.json().code, refused.json().scope], [403, 'SCOPE_MISSING', 'priority']);
  for (const [priority, key] of [
    [0, submitter],
    [-5, submitter],
    [5, admin],
  ] as const) {
    const answer = await submit(priority, key);
    assert.deepEqual([answer.status, answer.json().priority], [202, priority]);
  }
  const body = { jobs: [{ type: 'task', priority: 7 }, { type: 'task' }] };
  const bulk = (await http.call('POST', '/v1/jobs/bulk', { key: submitter, body })).json();
  const items = bulk.items as unknown as { status: number; error?: { code: string } }[];
  assert.deepEqual([items.map(({ status }) => status), items[0]?.error?.code], [[403, 202], 'SCOPE_MISSING']);
  const allowed = await http.call('POST', '/v1/keys', {
    body: { tenant: 'acme', name: 'urgent', scopes: ['submit', 'priority'] },
  });
  assert.equal(allowed.status, 201, allowed.text);
  assert.equal((await submit(3, String(allowed.json().key))).status, 202);
});
