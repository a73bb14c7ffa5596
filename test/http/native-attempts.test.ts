/** The attempts of a job, over HTTP. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFinal } from '../../src/core/state.ts';
import { createPlay, DONE, failed } from '../engine/engine-fixture.ts';
import { openHttp } from './http-fixture.ts';

test('GET /v1/jobs/{id}/attempts lists the attempts of a job that failed, waits, runs and succeeds in the end', async () => {
  const play = createPlay();
  await using http = await openHttp({ types: { task: play.run } });
  const { json } = await http.call('POST', '/v1/jobs', {
    body: { type: 'task', retry: { attempts: 2, backoffMs: 5_000, maxMs: 5_000 } },
  });
  const id = String(json().id);
  const read = async () => (await http.call('GET', `/v1/jobs/${id}/attempts`, { key: http.keys.reader })).json();
  const now = () => new Date(http.on.clock.now()).toISOString();
  const first = await play.next();
  const [running] = (await read()).attempts as { worker: string }[];
  const { worker } = running as { worker: string };
  assert.ok(worker.length > 0);
  const began = now();
  assert.deepEqual(running, {
    ...{ number: 1, fence: 1, worker, startedAt: began, endedAt: null, outcome: 'running', error: null },
  });
  await http.on.advance(1_000);
  first.end(failed('no luck'));
  await http.on.until(id, ({ state }) => state === 'waiting');
  const lost = { ...running, endedAt: now(), outcome: 'failed', error: { code: 'HANDLER_FAILED', message: 'no luck' } };
  assert.deepEqual(await read(), { attempts: [lost] });
  await http.on.advance(5_000);
  const second = await play.next();
  const startedAt = new Date((await http.on.job(id)).startedAt ?? 0).toISOString();
  await http.on.advance(1_000);
  second.end(DONE);
  await http.on.until(id, ({ state }) => isFinal(state));
  const won = { number: 2, fence: 2, worker, startedAt, endedAt: now(), outcome: 'succeeded', error: null };
  assert.deepEqual(await read(), { attempts: [lost, won] });
  assert.equal((await http.call('GET', `/v1/jobs/${id}`)).json().error, null);
});

test('GET /v1/jobs/{id}/attempts is empty before the first, and refuses who may not read', async () => {
  await using http = await openHttp({ types: { away: 'remote' } });
  const id = await http.submit('away');
  const read = (of: string, key?: string) =>
    http.call('GET', `/v1/jobs/${of}/attempts`, key === undefined ? {} : { key });
  assert.deepEqual((await read(id)).json(), { attempts: [] });
  for (const [of, key, status, code] of [
    [id, http.keys.foreigner, 404, 'JOB_NOT_FOUND'],
    [id, http.keys.submitter, 403, 'SCOPE_MISSING'],
    ['x', http.keys.reader, 404, 'JOB_NOT_FOUND'],
  ] as const) {
    const answer = await read(of, key);
    assert.deepEqual([answer.status, answer.json().code], [status, code]);
  }
  const key = http.keys.worker;
  await http.call('POST', '/v1/work/claim', { key, body: { types: ['away'], worker: 'w-7' } });
  assert.equal(((await read(id)).json().attempts as { worker: string }[])[0]?.worker, 'w-7');
});
