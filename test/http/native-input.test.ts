/** Inputs over the native API: as they were submitted, for whoever may read, whatever became of the job. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openHttp } from './http-fixture.ts';

describe('GET /v1/jobs/{id}/input', () => {
  test('hands out the JSON that was submitted, as it is stored', async () => {
    await using http = await openHttp();
    const body = '{"type":"task","input":{"a":[1,"ü",1234567890123]}}';
    const headers = { 'content-type': 'application/json' };
    const { id } = (await http.call('POST', '/v1/jobs', { body, headers })).json();
    const answer = await http.call('GET', `/v1/jobs/${id}/input`, { key: http.keys.reader });
    assert.deepEqual([answer.status, answer.text], [200, '{"a":[1,"ü",1234567890123]}']);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    assert.equal((await http.call('GET', `/v1/jobs/${id}/input`)).status, 200);
  });

  test('of a job without one is null', async () => {
    await using http = await openHttp();
    assert.equal((await http.call('GET', `/v1/jobs/${await http.submit('task')}/input`)).text, 'null');
  });

  test('needs the scope read', async () => {
    await using http = await openHttp();
    const path = `/v1/jobs/${await http.submit('task')}/input`;
    for (const key of [http.keys.submitter, http.keys.worker, http.keys.scraper]) {
      assert.equal((await http.call('GET', path, { key })).json().code, 'SCOPE_MISSING');
    }
  });
});
