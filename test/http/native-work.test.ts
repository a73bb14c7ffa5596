/** Remote workers over the native API: claim, heartbeat, the three forms of a result, failure, fences. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, type HttpFixture, openHttp } from './http-fixture.ts';

interface Claimed {
  readonly id: string;
  readonly fence: number;
  readonly input: unknown;
}

async function claim(http: HttpFixture, body: object = {}): Promise<readonly Claimed[]> {
  const answer = await http.call('POST', '/v1/work/claim', {
    body: { types: ['task'], ...body },
    key: http.keys.worker,
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.json().jobs as unknown as readonly Claimed[];
}

async function claimed(http: HttpFixture, submit: object = {}): Promise<Claimed> {
  await http.submit('task', submit);
  const [job] = await claim(http);
  assert.ok(job !== undefined);
  return job;
}

function report(http: HttpFixture, id: string, what: string, body: object): Promise<Answer> {
  return http.call('POST', `/v1/work/${id}/${what}`, { body, key: http.keys.worker });
}

describe('claiming', () => {
  test('hands out input, attempt, fence and lease', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { input: { a: [1, 'é'] }, tags: { x: 'y' }, timeoutMs: 5_000 });
    const [job] = await claim(http, { max: 5, leaseMs: 20_000, worker: 'w1' });
    assert.deepEqual(job, {
      ...{ id, type: 'task', attempt: 1, attemptsMax: 3, fence: 1, timeoutMs: 5_000, deadlineAt: null },
      leaseUntil: new Date(http.on.clock.now() + 20_000).toISOString(),
      tags: { x: 'y' },
      input: { a: [1, 'é'] },
    });
    assert.deepEqual(await claim(http), []);
  });

  test('waits for a first job and is answered when one comes', async () => {
    await using http = await openHttp();
    const claiming = claim(http, { wait: 20 });
    await http.held(1);
    const id = await http.submit('task');
    assert.equal((await claiming)[0]?.id, id);
  });

  test('refuses types that are unknown or not remote', async () => {
    await using http = await openHttp({
      types: { task: 'remote', own: async () => ({ kind: 'succeeded', result: null }) },
    });
    const ask = async (type: string) => {
      const answer = await http.call('POST', '/v1/work/claim', { body: { types: [type] } });
      return [answer.status, answer.json().code];
    };
    assert.deepEqual(await ask('nope'), [422, 'TYPE_UNKNOWN']);
    assert.deepEqual(await ask('own'), [422, 'TYPE_NOT_REMOTE']);
  });

  test('gives no tenant the jobs of another', async () => {
    await using http = await openHttp();
    await http.submit('task');
    const answer = await http.call('POST', '/v1/work/claim', {
      body: { types: ['task'] },
      key: http.keys.foreigner,
    });
    assert.deepEqual(answer.json(), { jobs: [] });
  });
});

describe('heartbeats', () => {
  test('extend the lease and report progress', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    const answer = await report(http, id, 'heartbeat', {
      fence,
      progress: { percent: 40, message: 'half way' },
      leaseMs: 60_000,
    });
    assert.deepEqual(answer.json(), {
      cancelRequested: false,
      leaseUntil: new Date(http.on.clock.now() + 60_000).toISOString(),
    });
    const { progress } = (await http.call('GET', `/v1/jobs/${id}`)).json();
    assert.deepEqual(progress, { percent: 40, message: 'half way' });
  });

  test('that are held learn of a cancel at once', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    const beating = report(http, id, 'heartbeat', { fence, wait: 20 });
    await http.held(1);
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    assert.equal((await beating).json().cancelRequested, true);
  });
});

describe('results', () => {
  test('as JSON in the envelope are part of the status', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    const answer = await report(http, id, 'succeed', { fence, result: { rows: [1, null, 'é'] } });
    assert.equal(answer.status, 200);
    assert.deepEqual([answer.json().state, answer.json().result], ['succeeded', { rows: [1, null, 'é'] }]);
  });

  test('may be left out', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    assert.equal((await report(http, id, 'succeed', { fence })).json().state, 'succeeded');
    assert.equal((await http.call('GET', `/v1/jobs/${id}/result`)).json().code, 'RESULT_NONE');
  });

  test('as base64 in the envelope become bytes', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    const bytes = Buffer.from([1, 2, 250]);
    const result = { bytes: bytes.toString('base64'), contentType: 'image/png' };
    assert.equal((await report(http, id, 'succeed', { fence, result })).status, 200);
    const answer = await http.call('GET', `/v1/jobs/${id}/result`);
    assert.deepEqual([answer.bytes, answer.headers['content-type']], [bytes, 'image/png']);
  });

  test('as the body itself, with the fence in the URL, become bytes', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    const bytes = Buffer.from([0, 1, 2, 255]);
    const answer = await http.call('POST', `/v1/work/${id}/succeed?fence=${fence}`, {
      body: bytes,
      headers: { 'content-type': 'application/x-parquet' },
    });
    assert.equal(answer.status, 200, answer.text);
    const result = await http.call('GET', `/v1/jobs/${id}/result`);
    assert.deepEqual([result.bytes, result.headers['content-type']], [bytes, 'application/x-parquet']);
  });

  test('as the body itself must be JSON when they say so', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    const send = (body: string) =>
      http.call('POST', `/v1/work/${id}/succeed?fence=${fence}`, {
        body,
        headers: { 'content-type': 'application/json' },
      });
    const broken = await send('{"a":');
    assert.deepEqual([broken.status, broken.json().code], [400, 'MALFORMED_JSON']);
    assert.deepEqual((await send('{"fence": 7}')).json().result, { fence: 7 });
    assert.equal((await http.call('GET', `/v1/jobs/${id}/result`)).text, '{"fence": 7}');
  });

  test('larger than a body and smaller than a result are taken, larger ones refused with the limit', async () => {
    await using http = await openHttp({ limits: { bodyBytesMax: 1_024, resultBytesMax: 4_096 } });
    const { id, fence } = await claimed(http);
    const large = await report(http, id, 'succeed', { fence, result: 'x'.repeat(4_200) });
    assert.deepEqual([large.status, large.json().code, large.json().value], [413, 'RESULT_TOO_LARGE', 4_096]);
    const huge = await report(http, id, 'succeed', { fence, result: 'x'.repeat(40_000) });
    assert.deepEqual([huge.status, huge.json().code, huge.json().limit], [413, 'BODY_TOO_LARGE', 'resultBytesMax']);
    assert.equal((await report(http, id, 'succeed', { fence, result: 'x'.repeat(4_000) })).status, 200);
  });

  test('that cannot be read are refused with what is wrong', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    for (const [body, place] of [
      [{ fence, result: { bytes: '***', contentType: 'a/b' } }, '/result/bytes'],
      [{ fence, result: { bytes: 'AAAA', contentType: 'a\nb' } }, '/result/contentType'],
      [{ result: 1 }, '/fence'],
      [{ fence, results: 1 }, '/results'],
    ] as const) {
      const answer = await report(http, id, 'succeed', body);
      assert.equal(answer.status, 400);
      assert.deepEqual(
        (answer.json().errors as { path: string }[]).map(({ path }) => path),
        [place],
      );
    }
    const text = await http.call('POST', `/v1/work/${id}/succeed`, {
      body: 'plain',
      headers: { 'content-type': 'text/plain' },
    });
    assert.deepEqual([text.status, text.json().code], [415, 'MEDIA_TYPE_UNSUPPORTED']);
  });
});

describe('failures', () => {
  test('are tried again, or not when the worker says so', async () => {
    await using http = await openHttp();
    const first = await claimed(http);
    const error = { code: 'NO_LUCK', message: 'not today', details: { seen: 3 } };
    const again = await report(http, first.id, 'fail', { fence: first.fence, error });
    assert.deepEqual([again.json().state, again.json().error], ['retrying', error]);
    const second = await claimed(http);
    const final = await report(http, second.id, 'fail', { fence: second.fence, error, retryable: false });
    assert.equal(final.json().state, 'failed');
  });
});

describe('fences', () => {
  test('that are old are refused with 409 by every call', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    const error = { code: 'X', message: 'x' };
    const calls = [
      ['heartbeat', {}],
      ['succeed', {}],
      ['fail', { error }],
    ] as const;
    for (const [what, body] of calls) {
      const answer = await report(http, id, what, { ...body, fence: fence + 1 });
      assert.deepEqual([answer.status, answer.json().code], [409, 'FENCE_OLD'], what);
    }
  });

  test('that are old are told the state in a word of the API', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http, { retry: { backoffMs: 1_000 } });
    await report(http, id, 'fail', { fence, error: { code: 'X', message: 'x' } });
    const answer = await report(http, id, 'heartbeat', { fence });
    assert.deepEqual([answer.status, answer.json().code, answer.json().state], [409, 'FENCE_OLD', 'retrying']);
    assert.equal(answer.json().detail, 'The job is not running any more: it is retrying.');
  });

  test('are no use once the job is final, but a report that is sent twice is taken twice', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    await report(http, id, 'succeed', { fence, result: 1 });
    const again = await report(http, id, 'succeed', { fence, result: 1 });
    assert.deepEqual([again.status, again.json().state], [200, 'succeeded']);
    for (const [what, body] of [
      ['heartbeat', { fence }],
      ['fail', { fence, error: { code: 'X', message: 'x' } }],
    ] as const) {
      const answer = await report(http, id, what, body);
      assert.deepEqual([answer.status, answer.json().code, answer.json().state], [409, 'FENCE_OLD', 'succeeded'], what);
    }
  });

  test('do not help a worker of another tenant', async () => {
    await using http = await openHttp();
    const { id, fence } = await claimed(http);
    for (const [what, body] of [
      ['heartbeat', { fence }],
      ['succeed', { fence }],
      ['fail', { fence, error: { code: 'X', message: 'x' } }],
    ] as const) {
      const answer = await http.call('POST', `/v1/work/${id}/${what}`, { body, key: http.keys.foreigner });
      assert.deepEqual([answer.status, answer.json().code], [404, 'JOB_NOT_FOUND'], what);
    }
  });
});
