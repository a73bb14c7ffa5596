/** Bulk submits and waits for many over the native API: an answer per item, and one wait that never fails as a whole. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { type Answer, type HttpFixture, openHttp } from './http-fixture.ts';

const UNKNOWN_ID = '0190a1b2-0000-7000-8000-000000000001';

interface Item {
  readonly status: number;
  readonly job?: { readonly id: string; readonly state: string };
  readonly error?: { readonly code: string; readonly status: number };
}

describe('POST /v1/jobs/bulk', () => {
  test('answers each item in its place, and stores the good ones', async () => {
    await using http = await openHttp();
    const answer = await http.call('POST', '/v1/jobs/bulk', {
      body: {
        jobs: [
          { type: 'task', input: 1 },
          { type: 'nope' },
          { type: 'task', inputs: 2 },
          17,
          { type: 'task', priority: 101 },
          { type: 'task', input: 3, idempotencyKey: 'k' },
          { type: 'task', input: 3, idempotencyKey: 'k' },
          { type: 'task', input: 4, idempotencyKey: 'k' },
        ],
      },
    });
    assert.equal(answer.status, 200);
    const items = answer.json().items as unknown as readonly Item[];
    assert.deepEqual(
      items.map((item) => [item.status, item.error?.code ?? item.job?.state]),
      [
        [202, 'queued'],
        [422, 'TYPE_UNKNOWN'],
        [400, 'INVALID_REQUEST'],
        [400, 'INVALID_REQUEST'],
        [400, 'INVALID_REQUEST'],
        [202, 'queued'],
        [202, 'queued'],
        [422, 'IDEMPOTENCY_MISMATCH'],
      ],
    );
    assert.equal(items[5]?.job?.id, items[6]?.job?.id);
    const { jobs } = (await http.call('GET', '/v1/jobs')).json();
    assert.equal((jobs as unknown[]).length, 2);
  });

  test('refuses more jobs than the limit, and none at all', async () => {
    await using http = await openHttp({ limits: { jobsPerCallMax: 2 } });
    for (const count of [0, 3]) {
      const jobs = Array.from({ length: count }, () => ({ type: 'task' }));
      const answer = await http.call('POST', '/v1/jobs/bulk', { body: { jobs } });
      assert.deepEqual([answer.status, answer.json().code], [400, 'INVALID_REQUEST']);
    }
    assert.match((await http.call('POST', '/v1/jobs/bulk', { body: { jobs: [1, 2, 3] } })).text, /\b2 items\b/);
  });
});

describe('a bulk with an Idempotency-Key', () => {
  const bulk = (http: HttpFixture, jobs: readonly object[], key = 'order-7') =>
    http.call('POST', '/v1/jobs/bulk', { body: { jobs }, headers: { 'idempotency-key': key } });
  const idsOf = (answer: Answer) => (answer.json().items as unknown as readonly Item[]).map(({ job }) => job?.id);

  test('that is sent again answers with the jobs of the first time, item by item', async () => {
    await using http = await openHttp();
    const jobs = [
      { type: 'task', input: 1 },
      { type: 'task', input: 1 },
      { type: 'task', idempotencyKey: 'own' },
    ];
    const first = await bulk(http, jobs);
    assert.equal(new Set(idsOf(first)).size, 3);
    assert.deepEqual(idsOf(await bulk(http, jobs)), idsOf(first));
    const single = await http.submit('task', { idempotencyKey: 'own' });
    assert.equal(single, idsOf(first)[2], 'an item keeps the key that it has');
    assert.notDeepEqual(idsOf(await bulk(http, jobs.slice(0, 1), 'order-8')), idsOf(first).slice(0, 1));
  });

  test('says which item differs from the first time', async () => {
    await using http = await openHttp();
    await bulk(http, [{ type: 'task' }, { type: 'task', input: 1 }]);
    const items = (await bulk(http, [{ type: 'task' }, { type: 'task', input: 2 }])).json().items;
    assert.deepEqual(
      (items as unknown as readonly Item[]).map(({ status, error }) => [status, error?.code]),
      [
        [202, undefined],
        [422, 'IDEMPOTENCY_MISMATCH'],
      ],
    );
  });

  test('refuses a key that leaves no room for the place of the item', async () => {
    await using http = await openHttp({ limits: { idempotencyKeyLengthMax: 10 } });
    assert.equal((await bulk(http, [{ type: 'task' }], '12345678')).status, 200);
    const answer = await bulk(http, [{ type: 'task' }], '123456789');
    assert.deepEqual([answer.status, answer.json().code], [400, 'INVALID_REQUEST']);
    assert.match(answer.text, /headers\/idempotency-key must be 1 to 8 characters/);
  });
});

describe('POST /v1/jobs/wait', () => {
  test('is answered once all known jobs are final, in the order of the ids', async () => {
    await using http = await openHttp();
    const ids = [await http.submit('task'), await http.submit('task')];
    const asked = [ids[1], 'no id', ids[0], UNKNOWN_ID, ids[1]];
    const answering = http.call('POST', '/v1/jobs/wait', { body: { ids: asked, for: 'all', timeout: 30 } });
    await http.held(1);
    const worker = createWorker(http.on.engine, TENANT);
    await worker.succeed(await worker.claim('task'), 1);
    assert.equal(http.holds.count, 1, 'one of two is not all');
    await worker.fail(await worker.claim('task'), 'no');
    const { satisfied, jobs } = (await answering).json();
    assert.equal(satisfied, false, 'two of the ids are of no job');
    const known = await http.call('POST', '/v1/jobs/wait', { body: { ids } });
    assert.equal(known.json().satisfied, true);
    const noId = await http.call('POST', '/v1/jobs/wait', { body: { ids: [...ids, 'no id'] } });
    assert.equal(noId.json().satisfied, false);
    assert.deepEqual(
      (jobs as { id: string; state: string }[]).map(({ id, state }) => [id, state]),
      [
        [ids[1], 'failed'],
        ['no id', 'unknown'],
        [ids[0], 'succeeded'],
        [UNKNOWN_ID, 'unknown'],
        [ids[1], 'failed'],
      ],
    );
  });

  test('for any is answered with mixed states by the first', async () => {
    await using http = await openHttp();
    const ids = [await http.submit('task'), await http.submit('task')];
    const answering = http.call('POST', '/v1/jobs/wait', { body: { ids, for: 'any' } });
    await http.held(1);
    const worker = createWorker(http.on.engine, TENANT);
    await worker.succeed(await worker.claim('task'), 1);
    const { satisfied, jobs } = (await answering).json();
    assert.deepEqual(
      [satisfied, (jobs as { state: string }[]).map(({ state }) => state)],
      [true, ['succeeded', 'queued']],
    );
  });

  test('answers 200 with what there is when the time is over, at once for no time at all', async () => {
    await using http = await openHttp();
    const ids = [await http.submit('task')];
    const now = await http.call('POST', '/v1/jobs/wait', { body: { ids, timeout: 0 } });
    assert.deepEqual([now.status, now.json().satisfied], [200, false]);
    const answering = http.call('POST', '/v1/jobs/wait', { body: { ids, timeout: 3 } });
    await http.held(1);
    await http.on.advance(3_000);
    const later = await answering;
    assert.deepEqual([later.status, later.json().satisfied], [200, false]);
  });

  test('does not know the jobs of another tenant, and does not wait for them', async () => {
    await using http = await openHttp();
    const ids = [await http.submit('task')];
    const answer = await http.call('POST', '/v1/jobs/wait', { body: { ids }, key: http.keys.foreigner });
    assert.deepEqual(answer.json().jobs, [{ id: ids[0], state: 'unknown' }]);
    assert.equal(answer.status, 200);
  });

  test('refuses more ids than the limit and a wait that is no duration', async () => {
    await using http = await openHttp({ limits: { idsPerCallMax: 2 } });
    for (const body of [
      { ids: ['a', 'b', 'c'] },
      { ids: [] },
      { ids: ['a'], timeout: -1 },
      { ids: ['a'], timeout: '5' },
      { ids: ['a'], for: 'some' },
      { ids: 'a' },
    ]) {
      const answer = await http.call('POST', '/v1/jobs/wait', { body });
      assert.deepEqual([answer.status, answer.json().code], [400, 'INVALID_REQUEST'], JSON.stringify(body));
    }
  });
});
