/** Unique keys over the native API: who holds one, and what another submit becomes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHttp } from './http-fixture.ts';
import { proveRerun } from './rerun-proof.ts';

const body = (mode: string, more: object = {}) => ({ type: 'task', unique: { key: 'k', mode }, ...more });

test('a submit with a unique key answers with the job that holds it, with the new input, or 409', async () => {
  await using http = await openHttp();
  const first = await http.call('POST', '/v1/jobs', { body: body('replace', { input: 1 }) });
  const { id } = first.json();
  const seen: unknown[] = [[first.status, first.headers['unique-outcome']]];
  for (const mode of ['existing', 'replace', 'reject']) {
    const { status, headers, json } = await http.call('POST', '/v1/jobs', { body: body(mode, { input: 2 }) });
    seen.push([status, headers['unique-outcome'], json().id ?? [json().code, json().jobId]]);
  }
  assert.deepEqual(seen, [
    [202, undefined],
    [202, 'existing', id],
    [202, 'replaced', id],
    [409, undefined, ['UNIQUE_HELD', id]],
  ]);
  assert.equal((await http.call('GET', `/v1/jobs/${id}/input`)).text, '2');
  const bulk = await http.call('POST', '/v1/jobs/bulk', { body: { jobs: [body('existing'), body('reject')] } });
  const items = bulk.json().items as { status: number; job?: { id: string } }[];
  assert.deepEqual(
    items.map(({ status, job }) => [status, job?.id]),
    [
      [202, id],
      [409, undefined],
    ],
  );
  const foreign = await http.call('POST', '/v1/jobs', { body: body('reject'), key: http.keys.foreigner });
  assert.equal(foreign.status, 202);
});

test('a unique key that cannot be meant is 400 and says which field', async () => {
  await using http = await openHttp();
  for (const unique of [{ key: 'k' }, { key: 'k', mode: 'x' }, { key: 'k'.repeat(10_000), mode: 'reject' }, 'k']) {
    const answer = await http.call('POST', '/v1/jobs', { body: { type: 'task', unique } });
    assert.deepEqual([answer.status, answer.json().code], [400, 'INVALID_REQUEST'], answer.text);
    assert.match(answer.text, /\/unique/);
  }
});

test('rerun makes one more job after one that runs, also where it ends in the same moment', async () => {
  await using http = await openHttp();
  await proveRerun(http);
  const unique = { key: 'k', mode: 'rerun' };
  const refused = await http.call('POST', '/v1/jobs', { body: { type: 'task', unique, after: ['x'] } });
  assert.deepEqual([refused.status, refused.json().code], [400, 'INVALID_REQUEST']);
  assert.match(refused.text, /leave out after/);
});
