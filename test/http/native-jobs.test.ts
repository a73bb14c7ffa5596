/** The life of one job over the native API: submit, read, wait, cancel, retry, remove, and whose it is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { spyOn } from '../engine/store-spy.ts';
import { openFreshStore } from './fresh-store.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const JOB_KEYS = [
  ...['id', 'type', 'state', 'progress', 'attempt', 'attemptsMax', 'priority', 'tags', 'revision'],
  ...['createdAt', 'runAt', 'startedAt', 'finishedAt', 'deadlineAt', 'retainUntil', 'cancelRequestedAt'],
  ...['error', 'result', 'links'],
];
const UNKNOWN_ID = '0190a1b2-0000-7000-8000-000000000001';

/** Has the job done by a remote worker. */
async function finish({ on }: HttpFixture, result: unknown = { answer: 42 }): Promise<void> {
  const worker = createWorker(on.engine, TENANT);
  await worker.succeed(await worker.claim('task'), result as string);
}

async function failForGood({ on }: HttpFixture): Promise<void> {
  const worker = createWorker(on.engine, TENANT);
  await worker.fail(await worker.claim('task'), 'no luck');
}

describe('numbers, which count the jobs of all tenants', () => {
  test('are in no body, unless an admin asks for them', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    for (const path of [`/v1/jobs/${id}`, '/v1/jobs'])
      assert.doesNotMatch((await http.call('GET', path)).text, /number/, path);
    const claimed = await http.call('POST', '/v1/work/claim', { body: { types: ['task'] } });
    assert.doesNotMatch(claimed.text, /number/);
    const asked = await http.call('GET', `/v1/jobs/${id}?include=number`);
    const { number } = asked.json();
    assert.ok(Number.isInteger(number) && Number(number) > 0, asked.text);
    for (const query of ['?include=number', `?number=${number}&include=number`]) {
      const { jobs } = (await http.call('GET', `/v1/jobs${query}`)).json() as { jobs: { number: number }[] };
      assert.deepEqual(
        jobs.map((job) => job.number),
        [number],
      );
    }
    assert.deepEqual((await http.call('GET', `/v1/jobs?number=${Number(number) + 1}`)).json().jobs, []);
    const foreign = await http.call('GET', `/v1/jobs?number=${number}`, { key: http.keys.foreigner });
    assert.deepEqual(foreign.json().jobs, []);
    for (const path of [`/v1/jobs/${id}?include=number`, '/v1/jobs?include=number', `/v1/jobs?number=${number}`]) {
      const refused = await http.call('GET', path, { key: http.keys.reader });
      assert.deepEqual([refused.status, refused.json().code], [403, 'SCOPE_MISSING'], path);
    }
  });

  test('are sealed in cursors, which are good for their tenant alone', async () => {
    await using http = await openHttp();
    for (let count = 0; count < 3; count += 1) await http.submit('task');
    const cursorOf = async () => String((await http.call('GET', '/v1/jobs?limit=1')).json().next);
    const [one, other] = [await cursorOf(), await cursorOf()];
    assert.notEqual(one, other);
    assert.doesNotMatch(Buffer.from(one, 'base64url').toString('latin1'), /^n\d+$/);
    for (const cursor of [one, other])
      assert.equal((await http.call('GET', `/v1/jobs?limit=1&cursor=${cursor}`)).status, 200);
    const foreign = await http.call('GET', `/v1/jobs?limit=1&cursor=${one}`, { key: http.keys.foreigner });
    assert.deepEqual([foreign.status, foreign.json().code], [400, 'INVALID_CURSOR']);
  });
});

describe('submitting', () => {
  test('answers 202 with Location, ETag, Retry-After and the job', async () => {
    await using http = await openHttp();
    const answer = await http.call('POST', '/v1/jobs', {
      body: { type: 'task', input: { n: 1 }, tags: { team: 'x' }, priority: 5 },
    });
    assert.equal(answer.status, 202);
    const job = answer.json();
    assert.deepEqual(Object.keys(job), JOB_KEYS);
    assert.equal(answer.headers.location, `/v1/jobs/${job.id}`);
    assert.equal(answer.headers.etag, '"1"');
    assert.equal(answer.headers['retry-after'], '1');
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.deepEqual(
      { state: job.state, tags: job.tags, priority: job.priority, attempt: job.attempt, attemptsMax: job.attemptsMax },
      { state: 'queued', tags: { team: 'x' }, priority: 5, attempt: 0, attemptsMax: 3 },
    );
    assert.equal(job.createdAt, new Date(http.on.clock.now()).toISOString());
    assert.deepEqual(job.links, {
      self: `/v1/jobs/${job.id}`,
      result: `/v1/jobs/${job.id}/result`,
      events: `/v1/jobs/${job.id}/events`,
      cancel: `/v1/jobs/${job.id}/cancel`,
    });
  });

  test('with Prefer: wait answers 200 with the finished job when it is done in time', async () => {
    await using http = await openHttp();
    const answering = http.call('POST', '/v1/jobs', { body: { type: 'task' }, headers: { prefer: 'wait=5' } });
    await http.held(1);
    await finish(http);
    const answer = await answering;
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['preference-applied'], 'wait=5');
    assert.equal(answer.headers['retry-after'], undefined);
    assert.deepEqual(answer.json().result, { answer: 42 });
    assert.equal(answer.json().state, 'succeeded');
  });

  test('with a wait that is over answers 202 with the job as it is', async () => {
    await using http = await openHttp();
    const answering = http.call('POST', '/v1/jobs?wait=2', { body: { type: 'task' } });
    await http.held(1);
    await http.on.advance(2_000);
    const answer = await answering;
    assert.equal(answer.status, 202);
    assert.equal(answer.json().state, 'queued');
    assert.equal(http.holds.count, 0);
  });

  test('again with the same Idempotency-Key replays, and another request under it is refused', async () => {
    await using http = await openHttp();
    const submit = (input: number) =>
      http.call('POST', '/v1/jobs', { body: { type: 'task', input }, headers: { 'idempotency-key': 'k1' } });
    const first = await submit(1);
    const replay = await submit(1);
    assert.deepEqual([first.status, replay.status], [202, 202]);
    assert.equal(replay.json().id, first.json().id);
    assert.equal(first.headers['idempotency-replayed'], undefined);
    assert.equal(replay.headers['idempotency-replayed'], 'true');
    const other = await submit(2);
    assert.equal(other.status, 422);
    assert.deepEqual([other.json().code, other.json().jobId], ['IDEMPOTENCY_MISMATCH', first.json().id]);
    await finish(http);
    const late = await submit(1);
    assert.deepEqual([late.status, late.json().state], [200, 'succeeded']);
  });

  test('shows scheduled until runAt, then queued under another ETag without a write', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { delayMs: 60_000 });
    const before = await http.call('GET', `/v1/jobs/${id}`);
    assert.deepEqual(
      [before.json().state, before.headers.etag, before.headers['retry-after']],
      ['scheduled', '"1s"', '61'],
    );
    await http.on.advance(60_000);
    const after = await http.call('GET', `/v1/jobs/${id}`, { headers: { 'if-none-match': '"1s"' } });
    assert.deepEqual([after.status, after.json().state, after.headers.etag], [200, 'queued', '"1"']);
  });

  test('takes runAt in any zone', async () => {
    await using http = await openHttp();
    const runAt = new Date(http.on.clock.now() + 3_600_000).toISOString().replace('Z', '+00:00');
    const answer = await http.call('POST', '/v1/jobs', { body: { type: 'task', runAt } });
    assert.equal(answer.json().runAt, new Date(Date.parse(runAt)).toISOString());
  });

  test('past the quota answers 429 with Retry-After and the limit', async () => {
    await using http = await openHttp({ limits: { jobsWaitingMax: 1 } });
    await http.submit('task');
    const answer = await http.call('POST', '/v1/jobs', { body: { type: 'task' } });
    assert.equal(answer.status, 429);
    assert.deepEqual([answer.json().code, answer.json().value], ['QUOTA_EXCEEDED', 1]);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  });

  test('past the bytes that a tenant may have stored answers 429 with that limit, until jobs are removed', async () => {
    const MIB = 1_024 * 1_024;
    await using http = await openHttp({ limits: { storedBytesPerTenantMax: MIB } });
    const input = 'x'.repeat(700 * 1_024);
    const id = await http.submit('task', { input });
    const answer = await http.call('POST', '/v1/jobs', { body: { type: 'task', input } });
    const { code, limit, value } = answer.json();
    assert.deepEqual([answer.status, code, limit, value], [429, 'QUOTA_EXCEEDED', 'storedBytesPerTenantMax', MIB]);
    await http.submit('task', { input: 'small' });
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    assert.equal((await http.call('DELETE', `/v1/jobs/${id}`)).status, 204);
    await http.on.clock.advance(1_000);
    await http.submit('task', { input });
  });
});

describe('reading', () => {
  test('answers 304 to the ETag of the same revision, and 200 after a change', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const same = await http.call('GET', `/v1/jobs/${id}`, { headers: { 'if-none-match': 'W/"7", "1"' } });
    assert.deepEqual([same.status, same.text, same.headers.etag], [304, '', '"1"']);
    await finish(http);
    const changed = await http.call('GET', `/v1/jobs/${id}`, { headers: { 'if-none-match': '"1"' } });
    assert.deepEqual([changed.status, changed.json().state], [200, 'succeeded']);
    assert.equal(changed.headers['retry-after'], undefined);
  });

  test('holds until done and is answered the moment the job is', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const answering = http.call('GET', `/v1/jobs/${id}?wait=30`);
    await http.held(1);
    await finish(http);
    const answer = await answering;
    assert.deepEqual([answer.status, answer.json().state], [200, 'succeeded']);
    assert.equal(http.holds.count, 0);
  });

  test('with If-None-Match and a wait is a long poll for any change', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const poll = (etag: string) => http.call('GET', `/v1/jobs/${id}?wait=10`, { headers: { 'if-none-match': etag } });
    const changing = poll('"1"');
    await http.held(1);
    const held = await createWorker(http.on.engine, TENANT).claim('task');
    const running = await changing;
    assert.deepEqual([running.status, running.json().state, running.headers.etag], [200, 'running', '"2"']);
    const quiet = poll('"2"');
    await http.held(1);
    await http.on.advance(10_000);
    assert.equal((await quiet).status, 304);
    assert.equal((await poll('"1"')).status, 200, 'an older revision is answered at once');
    assert.equal((await poll('"foreign"')).status, 200, 'so is a tag of somebody else');
    await createWorker(http.on.engine, TENANT).succeed(held, null);
  });

  test('with until=change and no ETag waits for the next change from now', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const changing = http.call('GET', `/v1/jobs/${id}?wait=10&until=change`);
    await http.held(1);
    await createWorker(http.on.engine, TENANT).claim('task');
    assert.equal((await changing).json().state, 'running');
  });

  test('clamps a wait to the longest hold', async () => {
    await using http = await openHttp({ limits: { waitMsMax: 1_000 } });
    const id = await http.submit('task');
    const answering = http.call('GET', `/v1/jobs/${id}`, { headers: { prefer: 'respond-async, wait=3600' } });
    await http.held(1);
    await http.on.advance(1_000);
    const answer = await answering;
    assert.deepEqual([answer.status, answer.headers['preference-applied']], [200, 'wait=1']);
  });

  test('on a store that others share costs one read when it begins', async () => {
    await using own = await openFreshStore();
    const spy = spyOn(own.store, { isShared: true });
    await using http = await openHttp({ spy });
    const id = await http.submit('task');
    await spy.idle();
    spy.calls.clear();
    const answering = http.call('GET', `/v1/jobs/${id}?wait=30`);
    await http.held(1);
    await spy.idle();
    assert.equal(spy.calls.get('read'), 1);
    await finish(http);
    assert.equal((await answering).json().state, 'succeeded');
    const missing = await http.call('GET', `/v1/jobs/${UNKNOWN_ID}?wait=30`);
    assert.equal(missing.status, 404);
  });

  test('past holdsMax is refused as busy, and a submit is not', async () => {
    await using http = await openHttp({ limits: { holdsMax: 1 } });
    const id = await http.submit('task');
    const first = http.call('GET', `/v1/jobs/${id}?wait=30`);
    await http.held(1);
    const second = await http.call('GET', `/v1/jobs/${id}?wait=30`);
    assert.deepEqual([second.status, second.json().code], [503, 'TOO_MANY_HOLDS']);
    assert.equal(second.headers['retry-after'], '1');
    const submitted = await http.call('POST', '/v1/jobs?wait=30', { body: { type: 'task' } });
    assert.equal(submitted.status, 202);
    await finish(http);
    assert.equal((await first).status, 200);
  });

  test('shows the error of a failed job in three members', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { retry: { attempts: 1 } });
    await failForGood(http);
    const { state, error, finishedAt, retainUntil } = (await http.call('GET', `/v1/jobs/${id}`)).json();
    assert.equal(state, 'failed');
    assert.deepEqual(error, { code: 'HANDLER_FAILED', message: 'no luck', details: null });
    assert.equal(Date.parse(String(retainUntil)) - Date.parse(String(finishedAt)), 604_800_000);
  });
});

describe('listing', () => {
  test('filters by state, type, tag and time, and pages by a cursor', async () => {
    await using http = await openHttp({ types: { task: 'remote', other: 'remote' } });
    const from = new Date(http.on.clock.now()).toISOString();
    const first = await http.submit('task', { tags: { team: 'a:b', env: 'x' } });
    await http.on.advance(1_000);
    const second = await http.submit('other', { tags: { team: 'c' } });
    const third = await http.submit('task', { delayMs: 60_000 });
    const ids = async (query: string) =>
      ((await http.call('GET', `/v1/jobs${query}`)).json().jobs as { id: string }[]).map(({ id }) => id);
    assert.deepEqual(await ids(''), [third, second, first]);
    assert.deepEqual(await ids('?state=scheduled'), [third]);
    assert.deepEqual(await ids('?state=queued&state=running'), [second, first]);
    assert.deepEqual(await ids('?type=task&type=nope'), [third, first]);
    assert.deepEqual(await ids('?tag=team:a:b&tag=env:x'), [first]);
    assert.deepEqual(await ids('?tag=team:a:b&tag=env:y'), []);
    const before = new Date(http.on.clock.now()).toISOString();
    assert.deepEqual(await ids(`?createdFrom=${from}&createdBefore=${before}`), [first]);
    const page = (await http.call('GET', '/v1/jobs?limit=2')).json();
    assert.equal((page.jobs as unknown[]).length, 2);
    const rest = (await http.call('GET', `/v1/jobs?limit=2&cursor=${page.next}`)).json();
    assert.deepEqual([(rest.jobs as { id: string }[]).map(({ id }) => id), rest.next], [[first], null]);
  });

  test('finds tags whose names have colons and backslashes, which are escaped', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { tags: { 'aws:team': 'a:b', 'back\\slash': '' } });
    const ask = (...tags: string[]) =>
      http.call('GET', `/v1/jobs?${new URLSearchParams(tags.map((tag): [string, string] => ['tag', tag]))}`);
    const found = (await ask('aws\\:team:a:b', 'back\\\\slash:')).json().jobs as { id: string }[];
    assert.deepEqual(
      found.map((job) => job.id),
      [id],
    );
    assert.deepEqual((await ask('aws:team:a:b')).json().jobs, []);
    assert.equal((await ask('no value')).status, 400);
  });

  test('refuses two values of one tag, which no job can have, and takes one that is said twice', async () => {
    await using http = await openHttp();
    const answer = await http.call('GET', '/v1/jobs?tag=a:1&tag=a:2');
    assert.deepEqual(
      [answer.status, answer.json().errors],
      [400, [{ path: '/tag', message: 'asks for two values of "a"; a job has one' }]],
    );
    assert.equal((await http.call('GET', '/v1/jobs?tag=a:1&tag=a:1')).status, 200);
  });

  test('takes a leap second for the second after it, and refuses what is no time', async () => {
    await using http = await openHttp();
    const { createdAt } = (await http.call('POST', '/v1/jobs', { body: { type: 'task' } })).json();
    const count = async (from: string) => {
      const answer = await http.call('GET', `/v1/jobs?createdFrom=${encodeURIComponent(from)}`);
      return answer.status === 200 ? (answer.json().jobs as unknown[]).length : answer.json().code;
    };
    assert.equal(await count('2016-12-31T23:59:60Z'), 1);
    assert.equal(await count('2999-12-31T23:59:60.5+00:00'), 0);
    assert.equal(await count(String(createdAt)), 1);
    assert.equal(await count('2016-12-32T23:59:00Z'), 'INVALID_REQUEST');
    const later = await http.call('POST', '/v1/jobs', { body: { type: 'task', runAt: '2016-12-31T23:59:60Z' } });
    assert.deepEqual([later.status, later.json().state], [202, 'queued']);
  });

  test('shows nothing of other tenants', async () => {
    await using http = await openHttp();
    await http.submit('task');
    const answer = await http.call('GET', '/v1/jobs', { key: http.keys.foreigner });
    assert.deepEqual(answer.json(), { jobs: [], next: null });
  });
});

describe('commands', () => {
  test('cancel a waiting job at once, and again without a change', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const first = await http.call('POST', `/v1/jobs/${id}/cancel`);
    assert.deepEqual([first.status, first.json().state], [200, 'cancelled']);
    const again = await http.call('POST', `/v1/jobs/${id}/cancel`, {
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual([again.status, again.headers.etag], [200, first.headers.etag]);
  });

  test('cancel a running job by a request that its worker sees', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    await createWorker(http.on.engine, TENANT).claim('task');
    const { state, cancelRequestedAt } = (await http.call('POST', `/v1/jobs/${id}/cancel`)).json();
    assert.deepEqual([state, cancelRequestedAt], ['running', new Date(http.on.clock.now()).toISOString()]);
  });

  test('cancel with a wait is answered when the job has stopped', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const worker = createWorker(http.on.engine, TENANT);
    const held = await worker.claim('task');
    const answering = http.call('POST', `/v1/jobs/${id}/cancel?wait=10`);
    await http.held(1);
    await worker.fail(held, 'stopped');
    assert.equal((await answering).json().state, 'cancelled');
  });

  test('refuse what the state does not allow with 409 and the state', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    for (const [method, path] of [
      ['POST', `/v1/jobs/${id}/retry`],
      ['DELETE', `/v1/jobs/${id}`],
    ] as const) {
      const answer = await http.call(method, path);
      assert.deepEqual([answer.status, answer.json().code, answer.json().state], [409, 'WRONG_STATE', 'queued']);
    }
    await finish(http);
    const cancel = await http.call('POST', `/v1/jobs/${id}/cancel`);
    assert.deepEqual([cancel.status, cancel.json().state], [409, 'succeeded']);
  });

  test('retry a failed job, which is queued again', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { retry: { attempts: 1 } });
    await failForGood(http);
    const answer = await http.call('POST', `/v1/jobs/${id}/retry`);
    assert.deepEqual([answer.status, answer.json().state, answer.json().error], [200, 'queued', null]);
  });

  test('remove a finished job, which is gone from then on', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    await finish(http);
    assert.equal((await http.call('DELETE', `/v1/jobs/${id}`)).status, 204);
    for (const [method, path] of [
      ['GET', `/v1/jobs/${id}`],
      ['GET', `/v1/jobs/${id}?wait=5`],
      ['GET', `/v1/jobs/${id}/result`],
      ['GET', `/v1/jobs/${id}/input`],
      ['POST', `/v1/jobs/${id}/cancel`],
      ['POST', `/v1/jobs/${id}/retry`],
      ['DELETE', `/v1/jobs/${id}`],
    ] as const) {
      const answer = await http.call(method, path);
      assert.deepEqual([answer.status, answer.json().code], [410, 'JOB_GONE'], `${method} ${path}`);
    }
  });

  test('know nothing of jobs that are not there or another tenant has', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${UNKNOWN_ID}`, '/v1/jobs/17', '/v1/jobs/%F0%9F%98%80']) {
      for (const [method, suffix] of [
        ['GET', ''],
        ['GET', '?wait=5'],
        ['HEAD', ''],
        ['GET', '/result'],
        ['GET', '/input'],
        ['POST', '/cancel'],
        ['POST', '/retry'],
        ['DELETE', ''],
      ] as const) {
        const answer = await http.call(method, path + suffix, { key: http.keys.foreigner });
        assert.equal(answer.status, 404, `${method} ${path}${suffix}`);
        if (method !== 'HEAD') assert.equal(answer.json().code, 'JOB_NOT_FOUND');
      }
    }
  });
});
