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
