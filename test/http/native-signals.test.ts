/** Signals over the native API: sending one, waiting for one as a worker, and how a parked job looks, through every face. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHttp } from './http-fixture.ts';

async function claim(http: Awaited<ReturnType<typeof openHttp>>) {
  const answer = await http.call('POST', '/v1/work/claim', { body: { types: ['task'] } });
  return (answer.json().jobs as { id: string; fence: number; signals?: object; signalsMissed?: string[] }[])[0];
}

test('a worker gives a job back until a signal comes, and finds it in the next claim', async () => {
  await using http = await openHttp();
  const id = await http.submit('task');
  const first = await claim(http);
  assert.equal(first?.signals, undefined);
  const body = { fence: first?.fence, reason: { signal: 'approval', timeoutMs: 60_000 } };
  const released = await http.call('POST', `/v1/work/${id}/release`, { body });
  assert.equal(released.status, 200, released.text);
  const parked = released.json();
  assert.deepEqual([parked.state, parked.attempt], ['scheduled', 0]);
  assert.deepEqual(parked.waitingFor, { signal: 'approval', until: parked.runAt });
  assert.equal(await claim(http), undefined);
  const sent = await http.call('POST', `/v1/jobs/${id}/signals/approval`, { body: { value: { by: 'ada' } } });
  assert.deepEqual([sent.status, sent.json().state, sent.json().waitingFor], [200, 'queued', undefined]);
  const second = await claim(http);
  assert.deepEqual([second?.fence, second?.signals, second?.signalsMissed], [2, { approval: { by: 'ada' } }, []]);
  const late = await http.call('POST', `/v1/work/${id}/release`, { body });
  assert.deepEqual([late.status, late.json().code], [409, 'FENCE_OLD']);
});

test('runAt of a parked job cannot be changed, the rest of it can', async () => {
  await using http = await openHttp();
  const id = await http.submit('task');
  const first = await claim(http);
  const body = { fence: first?.fence, reason: { signal: 'approval', timeoutMs: 60_000 } };
  const parked = (await http.call('POST', `/v1/work/${id}/release`, { body })).json();
  const patch = (changes: object) => http.call('PATCH', `/v1/jobs/${id}`, { body: changes });
  const refused = await patch({ runAt: new Date(http.on.clock.now() + 1_000).toISOString() });
  assert.deepEqual([refused.status, refused.json().code], [409, 'JOB_PARKED'], refused.text);
  const changed = await patch({ priority: 7, tags: { a: 'b' } });
  assert.deepEqual([changed.status, changed.json().priority, changed.json().tags], [200, 7, { a: 'b' }], changed.text);
  assert.deepEqual([changed.json().runAt, changed.json().waitingFor], [parked.runAt, parked.waitingFor]);
});

test('a signal is refused with what to do: final, unknown, foreign, without the scope, and in a wrong form', async () => {
  await using http = await openHttp();
  const id = await http.submit('task');
  const send = async (path: string, options: { key?: string; body?: unknown } = {}) => {
    const answer = await http.call('POST', `/v1/jobs/${path}`, { body: { value: 1 }, ...options });
    return [answer.status, answer.json().code];
  };
  assert.deepEqual(await send('0190a1b2-0000-7000-8000-000000000001/signals/a'), [404, 'JOB_NOT_FOUND']);
  assert.deepEqual(await send(`${id}/signals/a`, { key: http.keys.foreigner }), [404, 'JOB_NOT_FOUND']);
  assert.deepEqual(await send(`${id}/signals/a`, { key: http.keys.reader }), [403, 'SCOPE_MISSING']);
  for (const [path, body] of [
    ['a%20b', { value: 1 }],
    ['a'.repeat(101), { value: 1 }],
    ['a', { value: 'x'.repeat(5_000) }],
    ['a', { values: 1 }],
  ] as const)
    assert.deepEqual(await send(`${id}/signals/${path}`, { body }), [400, 'INVALID_REQUEST'], path);
  await http.call('POST', `/v1/jobs/${id}/cancel`);
  assert.deepEqual(await send(`${id}/signals/a`), [409, 'WRONG_STATE']);
});
