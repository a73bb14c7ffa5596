/** Groups over the native API. */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { describe, test } from 'node:test';
import type { Json } from '../../src/core/job.ts';
import { DONE, failed } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp, openListening } from './http-fixture.ts';

const FOLLOW_UP = { type: 'report', input: { to: 'ops' } };
/** By a name: the linter takes an object with `then` for a promise. */
const THEN = 'then';

async function post(
  http: HttpFixture,
  path: string,
  body: Json | object = {},
  over: { key?: string; headers?: object } = {},
) {
  const answer = await http.call('POST', `/v1/groups${path}`, {
    body: body as object,
    key: http.keys.submitter,
    ...over,
  } as never);
  return { ...answer, body: answer.text === '' ? {} : answer.json() };
}

const get = async (http: HttpFixture, path: string, over: object = {}) => {
  const answer = await http.call('GET', `/v1/groups${path}`, { key: http.keys.reader, ...over } as never);
  return { ...answer, body: answer.text === '' ? {} : answer.json() };
};

describe('/v1/groups', () => {
  test('makes a group, waits for its end, and lists its jobs with results page by page', async () => {
    await using http = await openHttp({ types: { task: async () => DONE, report: 'remote' } });
    const jobs = Array.from({ length: 5 }, (_, n) => ({ type: 'task', input: n }));
    const made = await post(http, '', { jobs, [THEN]: FOLLOW_UP, onFailure: FOLLOW_UP });
    assert.equal(made.status, 201, made.text);
    const { id, state, total, links } = made.body as Record<string, Json>;
    assert.deepEqual(
      [made.headers.location, made.headers.etag, state, total],
      [`/v1/groups/${id}`, '"1"', 'running', 5],
    );
    assert.deepEqual((links as { jobs: string }).jobs, `/v1/groups/${id}/jobs`);
    const ended = await get(http, `/${id}?wait=30`);
    const counts = { unfinished: 0, succeeded: 5, failed: 0, cancelled: 0, expired: 0 };
    const { [THEN]: always, onSuccess, onFailure, ...rest } = ended.body as Record<string, Json>;
    assert.deepEqual([rest.state, rest.outcome, rest.percent, rest.counts], ['finished', 'succeeded', 100, counts]);
    assert.deepEqual([onSuccess, onFailure], [null, { type: 'report', jobId: null }]);
    const input = await http.call('GET', `/v1/jobs/${(always as { jobId: string }).jobId}/input`);
    const { unfinished: _, ...told } = counts;
    assert.deepEqual(input.json(), { to: 'ops', group: { id, outcome: 'succeeded', total: 5, counts: told } });
    const seen: Json[] = [];
    for (let cursor = ''; ; ) {
      const page = (await get(http, `/${id}/jobs?limit=2${cursor}`)).body as { jobs: Json[]; next: string | null };
      seen.push(...page.jobs);
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    assert.equal(new Set(seen.map((job) => (job as { id: string }).id)).size, 5);
    assert.ok(seen.every((job) => (job as { group: string }).group === id));
    assert.deepEqual((await get(http, `/${id}/jobs?state=failed`)).body, { jobs: [], next: null });
    assert.equal((await get(http, `/${id}`, { headers: { 'if-none-match': String(ended.headers.etag) } })).status, 304);
  });

  test('takes members while it is open, by jobs and by ids, and a call once more', async () => {
    await using http = await openHttp({ types: { task: 'remote' } });
    const { body } = await post(http, '', { isOpen: true });
    const there = await http.submit('task');
    const add = (over: object, headers = {}) => post(http, `/${body.id}/jobs`, over, { headers });
    const headers = { 'idempotency-key': 'k' };
    const first = await add({ jobs: [{ type: 'task' }, { type: 'task' }], ids: [there] }, headers);
    assert.deepEqual([first.status, first.body.total, first.body.state], [200, 3, 'open'], first.text);
    assert.equal((await add({ jobs: [{ type: 'task' }, { type: 'task' }], ids: [there] }, headers)).text, first.text);
    assert.equal((await http.call('GET', `/v1/jobs/${there}`)).json().group, body.id);
    const closed = await post(http, `/${body.id}/close`);
    assert.deepEqual([closed.status, closed.body.state], [200, 'running']);
    assert.equal((await post(http, `/${body.id}/close`)).text, closed.text);
    const late = await add({ jobs: [{ type: 'task' }] });
    assert.deepEqual([late.status, late.body.code], [409, 'GROUP_CLOSED']);
    assert.equal((await add({ jobs: [{ type: 'task' }, { type: 'task' }] }, headers)).status, 200);
  });

  test('answers a call with the same Idempotency-Key with the same group', async () => {
    await using http = await openHttp({ types: { task: 'remote' } });
    const headers = { 'idempotency-key': 'k' };
    const jobs = [{ type: 'task' }];
    const first = await post(http, '', { jobs }, { headers });
    const again = await post(http, '', { jobs }, { headers });
    assert.deepEqual([first.status, again.status, again.headers['idempotency-replayed']], [201, 200, 'true']);
    assert.equal(again.text, first.text);
    assert.equal((await post(http, '', { jobs: [] }, { headers })).body.code, 'IDEMPOTENCY_MISMATCH');
  });

  test('refuses what is wrong, whole, and says where', async () => {
    await using http = await openHttp({ types: { task: 'remote' }, limits: { jobsPerCallMax: 3 } });
    const open = (await post(http, '', { isOpen: true })).body.id;
    const foreign = (await http.call('POST', '/v1/jobs', { body: { type: 'task' }, key: http.keys.foreigner })).json()
      .id;
    const uuid = '01890000-0000-7000-8000-000000000001';
    const job = { type: 'task' };
    const cases: readonly [string, Json | object, number, string][] = [
      ['', { jobs: [job, { type: 'none' }] }, 422, 'TYPE_UNKNOWN'],
      ['', { jobs: [job, job, job, job] }, 400, 'INVALID_REQUEST'],
      ['', { jobs: [{ type: 'task', priority: 5 }] }, 403, 'SCOPE_MISSING'],
      ['', { onFailure: { type: 'task', runAt: '2030-01-01T00:00:00Z' } }, 400, 'INVALID_REQUEST'],
      ['', { [THEN]: { type: 'task', input: 3 } }, 400, 'INVALID_REQUEST'],
      ['', { jobs: [{ type: 'task', unique: { key: 'k', mode: 'reject' } }] }, 400, 'INVALID_REQUEST'],
      ['', { unknown: 1 }, 400, 'INVALID_REQUEST'],
      [`/${open}/jobs`, {}, 400, 'INVALID_REQUEST'],
      [`/${open}/jobs`, { ids: [foreign] }, 422, 'GROUP_MEMBER_UNKNOWN'],
      [`/${open}/jobs`, { ids: [uuid] }, 422, 'GROUP_MEMBER_UNKNOWN'],
      [`/${open}/jobs`, { ids: ['x'] }, 422, 'GROUP_MEMBER_UNKNOWN'],
      [`/${uuid}/jobs`, { ids: [uuid] }, 404, 'GROUP_NOT_FOUND'],
      ['/x/close', {}, 404, 'GROUP_NOT_FOUND'],
      [`/${uuid}/cancel`, {}, 404, 'GROUP_NOT_FOUND'],
    ];
    for (const [path, body, status, code] of cases) {
      const answer = await post(http, path, body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], `${path} ${answer.text}`);
    }
    assert.equal((await post(http, '', { jobs: [job] }, { key: http.keys.reader })).status, 403);
    assert.equal((await get(http, `/${open}`, { key: http.keys.foreigner })).status, 404);
    assert.equal((await get(http, '?cursor=x')).body.code, 'INVALID_CURSOR');
    assert.equal((await get(http, `/${open}/jobs?cursor=x`)).body.code, 'INVALID_CURSOR');
    assert.equal(((await http.call('GET', '/v1/counts')).json().types as readonly Json[]).length, 0);
  });

  test('cancels all, retries what did not succeed, and removes', async () => {
    let isBroken = true;
    const flaky = async () => (isBroken ? failed('no', false) : DONE);
    await using http = await openHttp({ types: { flaky, far: 'remote' } });
    const jobs = [...Array.from({ length: 3 }, () => ({ type: 'flaky' })), { type: 'far' }];
    const { id } = (await post(http, '', { jobs, isOpen: true })).body as { id: string };
    const cancel = await post(http, `/${id}/cancel`);
    assert.deepEqual([cancel.status, cancel.body.type], [202, 'bide.bulk'], cancel.text);
    const ended = await get(http, `/${id}?wait=30`);
    assert.equal((ended.body.counts as Record<string, number>).cancelled, 1, ended.text);
    isBroken = false;
    const retry = await post(http, `/${id}/retry`);
    await http.on.until(String(retry.body.id), ({ finishedAt }) => finishedAt !== null);
    const result = (await http.call('GET', `/v1/jobs/${retry.body.id}`)).json().result;
    assert.deepEqual(result, { action: 'retry', changed: 4, skipped: 0, failed: 0 });
    assert.equal((await http.call('DELETE', `/v1/groups/${id}`, { key: http.keys.submitter })).status, 204);
    assert.equal((await get(http, `/${id}`)).status, 404);
    assert.deepEqual((await get(http, '')).body, { groups: [], next: null });
  });

  test('lists groups, newest first', async () => {
    await using http = await openHttp();
    const ids: Json[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift((await post(http, '')).body.id as Json);
    const page = (await get(http, '?limit=2')).body as { groups: { id: string }[]; next: string };
    const rest = (await get(http, `?limit=2&cursor=${page.next}`)).body as { groups: { id: string }[]; next: null };
    assert.deepEqual(
      [...page.groups, ...rest.groups].map(({ id }) => id),
      ids,
    );
    assert.equal(rest.next, null);
  });
});

describe('GET /v1/groups/{id}/events', () => {
  test('tells the figures until the end, and nothing to who has them', async () => {
    await using http = await openListening({ types: { task: async () => DONE } });
    const { id } = (await post(http, '', { isOpen: true })).body as { id: string };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const headers = { 'x-api-key': http.keys.reader };
    httpRequest(`${http.url}/v1/groups/${id}/events`, { agent: false, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
    await http.on.advance(1_000);
    await post(http, `/${id}/jobs`, { jobs: [{ type: 'task' }] });
    await http.on.advance(1_000);
    await post(http, `/${id}/close`);
    let isOver = false;
    const text = promise.finally(() => {
      isOver = true;
    });
    for (let step = 0; step < 100 && !isOver; step += 1) await http.on.advance(200);
    const events = (await text).split('\n\n').filter((block) => block.includes('event: group'));
    const last = JSON.parse(/^data: (.*)$/m.exec(events.at(-1) ?? '')?.[1] ?? '') as Record<string, Json>;
    assert.deepEqual([last.state, last.outcome], ['finished', 'succeeded']);
    assert.ok(events.length >= 2);
    const known = await get(http, `/${id}/events`, { headers: { 'last-event-id': String(last.revision) } });
    assert.equal(known.status, 204);
    assert.equal((await get(http, `/${id}/events`, { headers: { 'last-event-id': 'x' } })).status, 400);
  });
});
