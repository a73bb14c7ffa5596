/** Counts over the native API: one's own jobs, per type and state. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openHttp } from './http-fixture.ts';

const NONE = { waiting: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };

describe('GET /v1/counts', () => {
  test('counts the jobs of the tenant, per type and in all', async () => {
    await using http = await openHttp({ types: { task: 'remote', other: 'remote' } });
    const counts = async (query = '', key = http.keys.reader) =>
      (await http.call('GET', `/v1/counts${query}`, { key })).json();
    assert.deepEqual(await counts(), { total: NONE, types: [] });
    const id = await http.submit('task');
    await http.submit('task', { delayMs: 1_000 });
    await http.submit('other');
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    const task = { type: 'task', ...NONE, waiting: 1, cancelled: 1 };
    const other = { type: 'other', ...NONE, waiting: 1 };
    assert.deepEqual(await counts(), { total: { ...NONE, waiting: 2, cancelled: 1 }, types: [other, task] });
    assert.deepEqual(await counts('?type=other'), { total: { ...NONE, waiting: 1 }, types: [other] });
    assert.deepEqual(await counts('', http.keys.foreigner), { total: NONE, types: [] });
  });

  test('needs the scope read, and takes no other filter', async () => {
    await using http = await openHttp();
    const refused = await http.call('GET', '/v1/counts', { key: http.keys.submitter });
    assert.deepEqual([refused.status, refused.json().code], [403, 'SCOPE_MISSING']);
    const unknown = await http.call('GET', '/v1/counts?state=failed');
    assert.deepEqual([unknown.status, unknown.json().code], [400, 'INVALID_REQUEST']);
  });
});
