/** Limits per key over the native API: with a submit, and as an operator sets, closes and opens them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LimitPerKey } from '../../src/core/limit-spec.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const KEY = 'customer/42 ü';
const PATH = `/v1/limits/${encodeURIComponent(KEY)}`;

async function submit({ call }: HttpFixture, limit: unknown) {
  return call('POST', '/v1/jobs', { body: { type: 'task', limit } });
}

interface Claimed {
  readonly id: string;
  readonly fence: number;
}

async function claimed({ call, keys }: HttpFixture): Promise<readonly Claimed[]> {
  const body = { types: ['task'], max: 10, worker: 'w' };
  return (await call('POST', '/v1/work/claim', { key: keys.worker, body })).json().jobs as unknown as Claimed[];
}

describe('/v1/limits', () => {
  test('jobs of a key run as many at once as they say, and its limit shows it', async () => {
    await using http = await openHttp();
    for (let index = 0; index < 5; index += 1)
      assert.equal((await submit(http, { key: KEY, concurrency: 2 })).status, 202);
    const running = await claimed(http);
    assert.equal(running.length, 2);
    assert.deepEqual(await claimed(http), []);
    const shown = { key: KEY, concurrency: 2, rate: null, kept: false, closed: false, closedUntil: null };
    assert.deepEqual((await http.call('GET', PATH)).json(), { ...shown, running: 2, waiting: 3 });
    assert.deepEqual((await http.call('GET', '/v1/limits')).json(), {
      limits: [{ ...shown, running: 2, waiting: 3 }],
      next: null,
    });
    const [{ id, fence } = { id: '', fence: 0 }] = running;
    await http.call('POST', `/v1/work/${id}/succeed`, { key: http.keys.worker, body: { fence, result: 1 } });
    assert.equal((await claimed(http)).length, 1);
  });

  test('PUT stands above what jobs say, DELETE gives them the say again', async () => {
    await using http = await openHttp();
    const rate = { count: 5, perMs: 1_000 };
    const put = await http.call('PUT', PATH, { body: { concurrency: 1, rate } });
    assert.deepEqual([put.status, put.json().concurrency, put.json().rate, put.json().kept], [200, 1, rate, true]);
    for (let index = 0; index < 3; index += 1) await submit(http, { key: KEY, concurrency: 3 });
    assert.equal((await claimed(http)).length, 1);
    assert.equal((await http.call('DELETE', PATH)).status, 204);
    assert.equal((await claimed(http)).length, 2);
    const audit = (await http.call('GET', '/v1/audit')).json() as { lines?: { deed: string }[] };
    assert.ok(JSON.stringify(audit).includes('limit.put') && JSON.stringify(audit).includes('limit.remove'));
  });

  for (const key of ['.', '..'])
    test(`a key ${key}, which no path can end with, is refused wherever a limit is said`, async () => {
      await using http = await openHttp();
      const job = { type: 'task', limit: { key, concurrency: 1 } };
      // As clients write it into a path: fetch and browsers take such a part of it away.
      const path = `/v1/limits/${key.replaceAll('.', '%2E')}`;
      for (const [method, at, body] of [
        ['POST', '/v1/jobs', job],
        ['PUT', '/v1/schedules/s', { cron: '* * * * *', job }],
        ['POST', '/v1/groups', { jobs: [{ type: 'task' }, job] }],
        ['POST', '/v1/groups', { jobs: [{ type: 'task' }], onSuccess: job }],
        ['PUT', path, { concurrency: 1 }],
      ] as const) {
        const answer = await http.call(method, at, { body });
        assert.ok([400, 404, 422].includes(answer.status), `${method} ${at}: ${answer.status} ${answer.text}`);
        if (at !== path) assert.match(answer.text, /must not be .*"\.\\?" or/, `${method} ${at}`);
      }
      assert.deepEqual((await http.call('GET', '/v1/limits')).json(), { limits: [], next: null });
      assert.deepEqual((await http.call('GET', '/v1/jobs')).json().jobs, []);
    });

  test('a closed key starts nothing until it is opened', async () => {
    await using http = await openHttp();
    const closed = await http.call('POST', `${PATH}/close`, { body: { untilMs: 60_000 } });
    const until = new Date(http.on.clock.now() + 60_000).toISOString();
    assert.deepEqual([closed.status, closed.json().closed, closed.json().closedUntil], [200, true, until]);
    await submit(http, { key: KEY });
    assert.deepEqual(await claimed(http), []);
    const opened = await http.call('POST', `${PATH}/open`);
    assert.deepEqual([opened.status, opened.json().closed], [200, false]);
    assert.equal((await claimed(http)).length, 1);
    assert.equal((await http.call('POST', `${PATH}/close`)).json().closedUntil, null);
  });

  test('a job shows its limit, and says that it waits for it: full, closed until, closed', async () => {
    await using http = await openHttp();
    const rate = { count: 100, perMs: 60_000 };
    await submit(http, { key: KEY, concurrency: 1, rate });
    const { id } = (await submit(http, { key: KEY, concurrency: 1, rate })).json();
    await claimed(http);
    const path = `/v1/jobs/${id}`;
    const read = await http.call('GET', path);
    assert.deepEqual(read.json().limit, { key: KEY, concurrency: 1, rate });
    const full = { limit: KEY, reason: 'full', until: null };
    assert.deepEqual(read.json().waitingFor, full);
    const { etag } = read.headers;
    const again = await http.call('GET', path, { headers: { 'if-none-match': String(etag) } });
    assert.equal(again.status, 304);
    const [listed] = (await http.call('GET', '/v1/jobs?state=queued')).json().jobs as [{ waitingFor: unknown }];
    assert.deepEqual(listed.waitingFor, full);
    const waited = (await http.call('POST', '/v1/jobs/wait', { body: { ids: [id], timeout: 0 } })).json();
    assert.deepEqual((waited.jobs as [{ waitingFor: unknown }])[0].waitingFor, full);

    const until = new Date(http.on.clock.now() + 60_000).toISOString();
    await http.call('POST', `${PATH}/close`, { body: { until } });
    const closed = await http.call('GET', path, { headers: { 'if-none-match': String(etag) } });
    assert.deepEqual([closed.status, closed.json().waitingFor], [200, { limit: KEY, reason: 'closed', until }]);
    await http.call('POST', `${PATH}/close`);
    const shut = await http.call('GET', path);
    assert.deepEqual(shut.json().waitingFor, { limit: KEY, reason: 'closed', until: null });
    assert.notEqual(shut.headers.etag, closed.headers.etag);
    const { revision } = shut.json();
    await http.call('POST', `${PATH}/open`);
    await http.call('PUT', PATH, { body: { concurrency: 2 } });
    const free = (await http.call('GET', path)).json();
    assert.deepEqual([free.waitingFor, free.revision], [undefined, revision]);
  });

  test('a job behind its sequence says so, one that is not due says nothing, and neither do jobs without keys', async () => {
    await using http = await openHttp();
    const job = async (over: object) =>
      (await http.call('POST', '/v1/jobs', { body: { type: 'task', ...over } })).json().id as string;
    const shown = async (id: string) => (await http.call('GET', `/v1/jobs/${id}`)).json();
    await job({ sequenceKey: 's' });
    const behind = await job({ sequenceKey: 's', limit: { key: KEY, concurrency: 1 } });
    const later = await job({ sequenceKey: 's', delayMs: 60_000 });
    const plain = await job({});
    const { sequenceKey, waitingFor } = await shown(behind);
    assert.deepEqual([sequenceKey, waitingFor], ['s', { sequence: 's' }]);
    for (const id of [later, plain]) assert.equal((await shown(id)).waitingFor, undefined);
  });

  test('a wait for a change of a job that is held back waits for the job, not for what holds it back', async () => {
    await using http = await openHttp();
    await http.call('POST', `${PATH}/close`);
    const { id } = (await submit(http, { key: KEY })).json();
    const { etag } = (await http.call('GET', `/v1/jobs/${id}`)).headers;
    const headers = { 'if-none-match': String(etag) };
    const held = http.call('GET', `/v1/jobs/${id}?wait=20`, { headers });
    await http.held(1);
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    const { state, revision } = (await held).json();
    assert.deepEqual([state, revision], ['cancelled', 2]);
  });

  test('a worker that waits is woken by a call that makes room, and by a cancel of who had it', async () => {
    await using http = await openHttp({ types: { task: 'remote', other: 'remote' } });
    const waits = () =>
      http.call('POST', '/v1/work/claim', { key: http.keys.worker, body: { types: ['task'], worker: 'w', wait: 20 } });
    for (let index = 0; index < 2; index += 1) await submit(http, { key: 'w', concurrency: 1 });
    assert.equal((await claimed(http)).length, 1);
    const woken = waits();
    await http.call('GET', '/v1/limits/w');
    await http.call('PUT', '/v1/limits/w', { body: { concurrency: 2 } });
    assert.equal(((await woken).json().jobs as unknown as Claimed[]).length, 1);
    // Has the last place, and nobody works it off.
    const other = await http.call('POST', '/v1/jobs', { body: { type: 'other', limit: { key: 'x', concurrency: 1 } } });
    await submit(http, { key: 'x' });
    const next = waits();
    await http.call('GET', '/v1/limits/w');
    const { status, text } = await http.call('POST', `/v1/jobs/${other.json().id}/cancel`);
    assert.equal(status, 200, text);
    assert.equal(((await next).json().jobs as unknown as Claimed[]).length, 1);
  });

  test('what is wrong gets an answer that says what to do', async () => {
    await using http = await openHttp();
    const wrong = [
      [{ key: '' }, '/limit/key'],
      [{ key: 'k'.repeat(10_000) }, '/limit/key'],
      [{ key: 'k', concurrency: 0 }, '/limit/concurrency'],
      [{ key: 'k', rate: { count: 0, perMs: 1_000 } }, '/limit/rate/count'],
      [{ key: 'k', rate: { count: 1, perMs: 0 } }, '/limit/rate/perMs'],
    ] as const;
    for (const [limit, path] of wrong) {
      const answer = await submit(http, limit);
      assert.deepEqual([answer.status >= 400 && answer.status < 500, answer.text.includes(path)], [true, true], path);
    }
    const none = await http.call('GET', '/v1/limits/none');
    assert.equal(none.json().code, 'LIMIT_NOT_FOUND', none.text);
    assert.equal((await http.call('DELETE', '/v1/limits/none')).json().code, 'LIMIT_NOT_FOUND');
    const zero = await http.call('PUT', PATH, { body: { concurrency: 0 } });
    assert.ok([400, 422].includes(zero.status), zero.text);
    const long = await http.call('PUT', `/v1/limits/${'k'.repeat(300)}`, { body: {} });
    assert.equal(long.json().code, 'LIMIT_INVALID', long.text);
    assert.equal((await http.call('PUT', PATH, { key: http.keys.submitter, body: {} })).status, 403);
  });
});

describe('limit.key of a type', () => {
  const limitPerKey: LimitPerKey = {
    key: (input) => {
      const customer = (input as { customer?: string } | null)?.customer;
      if (customer === undefined) throw new Error('input.customer is missing');
      return customer;
    },
    concurrency: 1,
  };
  const open = () => openHttp({ types: { task: { handler: 'remote', limitPerKey } } });

  test('jobs of one customer run one at a time, without a word of the submit', async () => {
    await using http = await open();
    for (const customer of ['a', 'a', 'b'])
      assert.equal((await http.call('POST', '/v1/jobs', { body: { type: 'task', input: { customer } } })).status, 202);
    assert.equal((await claimed(http)).length, 2);
    for (const [key, inWait] of [
      ['a', 1],
      ['b', 0],
    ]) {
      const { concurrency, running, waiting } = (await http.call('GET', `/v1/limits/${key}`)).json();
      assert.deepEqual([concurrency, running, waiting], [1, 1, inWait], String(key));
    }
  });

  test('the type shows that each key has it, and a job which it got', async () => {
    await using http = await open();
    const type = (await http.call('GET', '/v1/types/task')).json();
    assert.deepEqual(type.limit, { concurrency: 1, rate: null, perKey: true });
    const id = await http.submit('task', { input: { customer: 'a' } });
    const { limit } = (await http.call('GET', `/v1/jobs/${id}`)).json();
    assert.deepEqual(limit, { key: 'a', concurrency: 1, rate: null });
  });

  test('an input without a key is refused in every way in, and nothing is stored', async () => {
    await using http = await open();
    const job = { type: 'task', input: {} };
    const cases = [
      ['POST', '/v1/jobs', job],
      ['POST', '/v1/groups', { jobs: [job] }],
      ['PUT', '/v1/schedules/nightly', { cron: '@daily', job }],
    ] as const;
    for (const [method, path, body] of cases) {
      const answer = await http.call(method, path, { body });
      const { code, detail } = answer.json();
      assert.deepEqual([answer.status, code], [422, 'LIMIT_KEY_INVALID'], path);
      assert.equal(detail, 'limit.key of the type task failed: input.customer is missing.');
    }
    const jobs = [job, { type: 'task', input: { customer: 'a' } }];
    const batch = (await http.call('POST', '/v1/jobs/bulk', { body: { jobs } })).json();
    const items = batch.items as unknown as readonly { status: number; error?: { code: string } }[];
    assert.deepEqual(
      items.map(({ status, error }) => [status, error?.code]),
      [
        [422, 'LIMIT_KEY_INVALID'],
        [202, undefined],
      ],
    );
    const listed = (await http.call('GET', '/v1/jobs')).json() as { jobs: { input?: unknown }[] };
    assert.equal(listed.jobs.length, 1);
  });
});
