/** Changing many jobs in one call of the native API, and searching and counting lists. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../../src/core/job.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const post = async (http: HttpFixture, action: string, body: Json, key = http.keys.operator) => {
  const answer = await http.call('POST', `/v1/jobs/${action}`, { body: body as object, key });
  return { ...answer, body: answer.json() };
};

/** The job that does it, once it is over. */
async function done(http: HttpFixture, id: unknown) {
  await http.on.until(String(id), ({ finishedAt }) => finishedAt !== null);
  return (await http.call('GET', `/v1/jobs/${id}`, { key: http.keys.reader })).json();
}

describe('POST /v1/jobs/cancel, retry and remove', () => {
  test('count with dryRun, and else do it by a job that tells how many', async () => {
    await using http = await openHttp({ types: { task: 'remote', other: 'remote' } });
    for (const team of ['blue', 'blue', 'red']) await http.submit('task', { tags: { team } });
    await http.submit('other', { tags: { team: 'blue' } });
    const filter = { type: 'task', tag: ['team:blue'], state: ['queued', 'running'] };
    const dry = await post(http, 'cancel', { filter, dryRun: true });
    assert.deepEqual([dry.status, dry.body], [200, { count: 2, exact: true }]);
    const asked = await post(http, 'cancel', { filter });
    assert.equal(asked.status, 202, asked.text);
    assert.deepEqual([asked.body.type, asked.headers.location], ['bide.bulk', `/v1/jobs/${asked.body.id}`]);
    const ended = await done(http, asked.body.id);
    assert.deepEqual(ended.result, { action: 'cancel', changed: 2, skipped: 0, failed: 0 });
    const retried = await post(http, 'retry', { filter: { state: 'cancelled' } });
    assert.deepEqual((await done(http, retried.body.id)).result, {
      action: 'retry',
      changed: 2,
      skipped: 0,
      failed: 0,
    });
    await done(http, (await post(http, 'cancel', { filter: {}, confirm: 'all' })).body.id);
    const removed = await post(http, 'remove', { filter: { type: ['task', 'other'] } });
    assert.deepEqual((await done(http, removed.body.id)).result, {
      action: 'remove',
      changed: 4,
      skipped: 0,
      failed: 0,
    });
    const audit = (await http.call('GET', '/v1/audit?deed=bulk.cancel')).json().deeds as readonly Record<
      string,
      Json
    >[];
    const { count, request } = audit.find(({ target }) => target === asked.body.id) ?? assert.fail();
    const words = { states: ['queued', 'running'], types: ['task'], tags: { team: 'blue' } };
    assert.deepEqual({ count, request }, { count: 2, request: { filter: words } });
  });

  test('are the same job for the same Idempotency-Key, and another request is refused', async () => {
    await using http = await openHttp({ runsJobs: false });
    const call = (filter: object) =>
      http.call('POST', '/v1/jobs/cancel', {
        body: { filter },
        key: http.keys.operator,
        headers: { 'idempotency-key': 'once' },
      });
    const first = await call({ type: 'task' });
    const second = await call({ type: 'task' });
    assert.deepEqual([second.status, second.json().id], [202, first.json().id]);
    assert.equal(second.headers['idempotency-replayed'], 'true');
    assert.equal((await call({ type: 'other' })).json().code, 'IDEMPOTENCY_MISMATCH');
  });

  test('refuse filters that fit all without a word, that fit nothing, and what is no filter', async () => {
    await using http = await openHttp();
    const refusal = async (action: string, body: Json, key?: string) => {
      const { status, body: said } = await post(http, action, body, key);
      const [first] = (said.errors ?? []) as readonly { readonly path: string }[];
      return [status, said.code, first?.path];
    };
    for (const filter of [{}, { state: ['scheduled', 'queued', 'retrying', 'running', 'failed'] }]) {
      assert.deepEqual(await refusal('cancel', { filter }), [400, 'CONFIRM_ALL', undefined]);
    }
    assert.deepEqual(await refusal('remove', { filter: {}, confirm: 'yes' }), [400, 'INVALID_REQUEST', '/confirm']);
    assert.deepEqual(await refusal('cancel', { filter: { state: 'failed' } }), [
      400,
      'INVALID_REQUEST',
      '/filter/state',
    ]);
    assert.deepEqual(await refusal('retry', { filter: { state: ['succeeded'] } }), [
      400,
      'INVALID_REQUEST',
      '/filter/state',
    ]);
    assert.deepEqual(await refusal('cancel', { filter: { finishedFrom: '2026-01-01T00:00:00Z', state: 'queued' } }), [
      ...[400, 'INVALID_REQUEST', '/filter/state'],
    ]);
    assert.deepEqual(await refusal('retry', { filter: { finishedFrom: 'monday' } }), [
      ...[400, 'INVALID_REQUEST', '/filter/finishedFrom'],
    ]);
    assert.deepEqual(await refusal('retry', { filter: { tags: { a: 'b' } } }), [
      400,
      'INVALID_REQUEST',
      '/filter/tags',
    ]);
    assert.equal((await refusal('retry', { filter: { state: 'broken' } }))[0], 400);
    assert.deepEqual(await refusal('retry', {}), [400, 'INVALID_REQUEST', '/filter']);
    assert.deepEqual(await refusal('cancel', { filter: { type: 'task' } }, http.keys.submitter), [
      ...[403, 'SCOPE_MISSING', undefined],
    ]);
    const own = await http.call('POST', '/v1/jobs', { body: { type: 'bide.bulk', input: {} } });
    assert.deepEqual([own.status, own.json().code], [422, 'TYPE_UNKNOWN']);
  });
});

describe('POST /v1/jobs/{id}/retry', () => {
  test('of a bulk call needs the scope that began it', async () => {
    await using http = await openHttp({ runsJobs: false });
    const { body } = await post(http, 'cancel', { filter: { type: 'task' } });
    await http.call('POST', `/v1/jobs/${body.id}/cancel`, { key: http.keys.submitter });
    const retry = (key: string) => http.call('POST', `/v1/jobs/${body.id}/retry`, { key });
    assert.deepEqual(
      [(await retry(http.keys.submitter)).json().code, (await retry(http.keys.admin)).status],
      [...['SCOPE_MISSING', 200]],
    );
  });
});

describe('GET /v1/jobs', () => {
  test('searches text in ids, tags and errors, whatever the case', async () => {
    await using http = await openHttp();
    const blue = await http.submit('task', { tags: { team: 'Blue' } });
    await http.submit('task', { tags: { team: 'red' } });
    const failed = await http.submit('task');
    const claimed = await http.on.engine.workClaim({
      ...{ tenant: 'acme', types: ['task'], max: 3, leaseMs: 30_000, worker: 'w', timeoutMs: 0 },
      signal: new AbortController().signal,
    });
    const { job } = (claimed.kind === 'claimed' && claimed.jobs.find((one) => one.job.id === failed)) || assert.fail();
    const failure = { code: 'NO', message: 'The disk is FULL.', details: null };
    await http.on.engine.workFail({ tenant: 'acme', id: failed, fence: job.fence, failure, isRetryable: false });
    const found = async (text: string, more = '') => {
      const answer = await http.call('GET', `/v1/jobs?text=${encodeURIComponent(text)}${more}`);
      const { jobs, ...rest } = answer.json() as { readonly jobs: readonly { readonly id: string }[] };
      return [jobs.map(({ id }) => id), rest];
    };
    assert.deepEqual(await found('team:blue'), [[blue], { next: null }]);
    assert.deepEqual(await found('disk is full'), [[failed], { next: null }]);
    assert.deepEqual(await found(blue.toUpperCase()), [[blue], { next: null }]);
    assert.deepEqual(await found('team:', '&state=failed'), [[], { next: null }]);
    assert.deepEqual(await found('full', '&sort=newestFinished&total=true'), [
      ...[[failed], { next: null, total: { count: 1, exact: true } }],
    ]);
  });

  test('says that a search stopped early, with a cursor that goes on, in lists by the end too', async () => {
    await using http = await openHttp({ limits: { listSearchMax: 1_000 } });
    const { engine } = http.on;
    const requests = Array.from({ length: 2_300 }, (_, index) => {
      return { tenant: 'acme', type: 'task', tags: { at: index % 1_150 === 0 ? 'here' : 'there' } };
    });
    const ids = (await engine.submit(requests)).map((one) => (one.kind === 'created' ? one.snapshot.job.id : ''));
    await Promise.all(ids.map((id) => engine.cancel('acme', id)));
    for (const sort of ['newest', 'oldestFinished']) {
      const seen: string[] = [];
      let stops = 0;
      for (let cursor = ''; ; ) {
        const page = (await http.call('GET', `/v1/jobs?text=at:here&sort=${sort}${cursor}`)).json();
        seen.push(...(page.jobs as readonly { readonly id: string }[]).map(({ id }) => id));
        stops += page.searchStopped === true ? 1 : 0;
        if (page.next === null) break;
        cursor = `&cursor=${String(page.next)}`;
      }
      assert.deepEqual(seen.sort(), [ids[0], ids[1_150]].sort());
      assert.equal(stops, 2);
    }
    const total = (await http.call('GET', '/v1/jobs?limit=1&total=true&state=cancelled')).json().total;
    assert.deepEqual(total, { count: 2_300, exact: true });
  });
});
