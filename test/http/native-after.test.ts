/** Jobs that come after others, over HTTP: what is shown, listed and refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const UNKNOWN = '01890000-0000-7000-8000-000000000000';

async function submit(http: HttpFixture, body: object): Promise<Record<string, unknown>> {
  const answer = await http.call('POST', '/v1/jobs', { body: { type: 'task', ...body } });
  assert.equal(answer.status, 202, answer.text);
  return answer.json() as Record<string, unknown>;
}

test('a job shows what it comes after and what it waits for, until it does not wait any more', async () => {
  await using http = await openHttp();
  const parent = await submit(http, { delayMs: 60_000 });
  const child = await submit(http, { after: [parent.id], afterPolicy: 'final' });
  assert.deepEqual([child.after, child.afterPolicy, child.waitingFor], [[parent.id], 'final', { parents: true }]);
  assert.equal('after' in parent || 'waitingFor' in parent, false);
  await http.call('POST', `/v1/jobs/${parent.id}/cancel`);
  await http.on.until(String(child.id), ({ marks }) => marks?.awaitsParents === false);
  const freed = (await http.call('GET', `/v1/jobs/${child.id}`)).json();
  assert.deepEqual([freed.after, 'waitingFor' in freed], [[parent.id], false]);
});

test('a job fails with PARENT_FAILED where one that it comes after did not succeed', async () => {
  await using http = await openHttp();
  const parent = await submit(http, { delayMs: 60_000 });
  const child = await submit(http, { after: [parent.id] });
  await http.call('POST', `/v1/jobs/${parent.id}/cancel`);
  const failed = (await http.call('GET', `/v1/jobs/${child.id}?wait=20`)).json();
  assert.deepEqual(
    [failed.state, failed.error],
    [
      'failed',
      {
        code: 'PARENT_FAILED',
        message: `Job ${parent.id}, which this one comes after, is cancelled.`,
        details: { parent: parent.id, state: 'cancelled' },
      },
    ],
  );
});

test('what a job cannot come after is refused in words', async () => {
  await using http = await openHttp();
  const call = (body: object) => http.call('POST', '/v1/jobs', { body: { type: 'task', ...body } });
  const unknown = await call({ after: [UNKNOWN] });
  assert.deepEqual([unknown.status, unknown.json().code, unknown.json().id], [422, 'PARENT_UNKNOWN', UNKNOWN]);
  const many = await call({ after: Array.from({ length: 1_001 }, () => UNKNOWN) });
  assert.deepEqual([many.status, many.json().code], [400, 'INVALID_REQUEST']);
  assert.match(many.text, /\/after/);
  for (const body of [{ after: 'x' }, { after: [1] }, { after: [], afterPolicy: 'never' }]) {
    assert.equal((await call(body)).status, 400, JSON.stringify(body));
  }
  assert.equal((await call({ after: [], afterPolicy: 'final' })).status, 202);
});

test('parents and children are listed, page by page, with their results', async () => {
  await using http = await openHttp();
  const parent = await submit(http, { delayMs: 60_000 });
  const children: unknown[] = [];
  for (let count = 0; count < 5; count += 1) children.push((await submit(http, { after: [parent.id] })).id);
  const list = async (path: string) => (await http.call('GET', path)).json() as unknown as Listed;
  const up = await list(`/v1/jobs/${children[0]}/parents`);
  assert.deepEqual(
    up.jobs.map(({ id, state }) => [id, state]),
    [[parent.id, 'scheduled']],
  );
  const first = await list(`/v1/jobs/${parent.id}/children?limit=3`);
  const rest = await list(`/v1/jobs/${parent.id}/children?limit=3&cursor=${first.next}`);
  assert.deepEqual(
    [...first.jobs, ...rest.jobs].map(({ id }) => id),
    children,
  );
  assert.equal(rest.next, null);
  assert.deepEqual(await list(`/v1/jobs/${children[0]}/children`), { jobs: [], next: null });
  assert.equal((await http.call('GET', `/v1/jobs/${parent.id}/children?cursor=x`)).json().code, 'INVALID_CURSOR');
  assert.equal((await http.call('GET', `/v1/jobs/${UNKNOWN}/parents`)).status, 404);
  await http.call('POST', `/v1/jobs/${parent.id}/cancel`);
  await http.call('GET', `/v1/jobs/${children[0]}?wait=20`);
  await http.call('DELETE', `/v1/jobs/${parent.id}`);
  assert.deepEqual(await list(`/v1/jobs/${children[0]}/parents`), { jobs: [{ id: parent.id, state: 'unknown' }] });
});

interface Listed {
  readonly jobs: readonly { readonly id: string; readonly state: string }[];
  readonly next?: string | null;
}
