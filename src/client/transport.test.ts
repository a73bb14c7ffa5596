import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { ClientError } from './client-error.ts';
import { fakeServer, finishedBody, jobBody } from './fake-server.ts';

const BUSY = { status: 503, json: { code: 'OVERLOADED', title: 'Busy.', detail: 'Try again.', status: 503 } };

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => assert.fail('it resolved'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ClientError, String(error));
  return error;
}

test('a call carries the key and keeps the path prefix of the URL', async () => {
  const server = fakeServer(() => ({ json: jobBody() }));
  await createClient({ ...server.options, url: 'http://bide.test/jobs/' }).get('abc');
  assert.equal(server.requests[0]?.url.href, 'http://bide.test/jobs/v1/jobs/abc');
  assert.equal(server.requests[0]?.headers.get('authorization'), 'Bearer bide_key');
});

test('an id with a slash stays one segment of the path', async () => {
  const server = fakeServer(() => ({ json: jobBody() }));
  await createClient(server.options).get('../keys?x');
  assert.equal(server.requests[0]?.url.pathname, '/v1/jobs/..%2Fkeys%3Fx');
});

test('a URL that is not http is refused at once', () => {
  for (const url of ['localhost:7070', 'ftp://x', '']) {
    assert.throws(() => createClient({ url }), { name: 'ClientError', code: 'BAD_URL' });
  }
});

test('what JSON cannot carry is refused before it is sent, with its place', async () => {
  const server = fakeServer(() => ({ json: jobBody() }));
  const client = createClient(server.options);
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [10n, /a bigint at .*\/input, which JSON cannot carry/],
    [{ a: [new Map()] }, /a Map at .*\/input\/a\/0/],
    [new Uint8Array(2), /an? Uint8Array at .*\/input/],
    [() => 1, /a function at .*\/input/],
  ];
  for (const [input, message] of cases) {
    const job = { type: 'echo', input: input as null };
    await assert.rejects(client.submit(job), { name: 'TypeError', message });
    await assert.rejects(client.submitMany([job]), { name: 'TypeError', message });
  }
  assert.equal(server.requests.length, 0);
  await client.submit({ type: 'echo', input: new Date(0) as unknown as null });
  assert.equal(server.requests.length, 1);
});

test('a key whose end is no date is refused: null would make one without end', async () => {
  const server = fakeServer(() => ({ json: jobBody() }));
  const draft = { name: 'ci', scopes: ['read'], expiresAt: new Date(Number.NaN) } as const;
  await assert.rejects(createClient(server.options).keys.create(draft), { name: 'TypeError', message: /expiresAt/ });
  assert.equal(server.requests.length, 0);
});

test('a problem body becomes a ClientError with code, status and the remaining facts', async () => {
  const problem = {
    type: 't',
    code: 'TYPE_UNKNOWN',
    title: 'No such type.',
    status: 422,
    detail: 'x',
    types: ['echo'],
  };
  const server = fakeServer(() => ({ status: 422, json: problem }));
  const error = await errorOf(createClient(server.options).submit({ type: 'ecoh' }));
  assert.deepEqual([error.code, error.status, error.message], ['TYPE_UNKNOWN', 422, 'No such type. x']);
  assert.deepEqual(error.details, { types: ['echo'] });
});

test('an answer that is not JSON is BAD_ANSWER, whatever its status', async () => {
  for (const status of [200, 404]) {
    const server = fakeServer(() => ({ status, text: '<html>' }));
    assert.equal((await errorOf(createClient(server.options).get('a'))).code, 'BAD_ANSWER');
  }
});

test('a repeatable call waits as long as Retry-After says and tries again', async () => {
  const server = fakeServer((_, count) =>
    count < 3 ? { ...BUSY, headers: { 'retry-after': '7' } } : { json: jobBody() },
  );
  await createClient(server.options).get('a');
  assert.deepEqual(server.pauses, [7_000, 7_000]);
});

test('a Retry-After date counts from now', async () => {
  const server = fakeServer((_, count) => {
    const date = new Date(Date.UTC(2030, 0, 1, 0, 0, 9)).toUTCString();
    return count === 1 ? { ...BUSY, headers: { 'retry-after': date } } : { json: jobBody() };
  });
  await createClient(server.options).get('a');
  assert.deepEqual(server.pauses, [9_000]);
});

test('a Retry-After past the cap is not waited for', async () => {
  const server = fakeServer(() => ({ ...BUSY, headers: { 'retry-after': '3600' } }));
  const error = await errorOf(createClient(server.options).get('a'));
  assert.equal(error.retryAfterMs, 3_600_000);
  assert.equal(server.requests.length, 1);
});

test('without Retry-After the pauses double, and the tries end', async () => {
  const server = fakeServer(() => BUSY);
  await errorOf(createClient({ ...server.options, triesMax: 4 }).get('a'));
  assert.deepEqual(server.pauses, [100, 200, 400]);
  assert.equal(server.requests.length, 4);
});

test('a lost connection is tried again, and then said with its cause', async () => {
  const server = fakeServer(() => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:7070') });
  });
  const error = await errorOf(createClient({ ...server.options, triesMax: 2 }).get('a'));
  assert.equal(error.code, 'UNREACHABLE');
  assert.equal(error.message, 'http://bide.test cannot be reached: connect ECONNREFUSED 127.0.0.1:7070.');
  assert.equal(server.requests.length, 2);
});

test('a refusal is not tried again', async () => {
  const server = fakeServer(() => ({ status: 404, json: { code: 'JOB_NOT_FOUND', title: 'No.', status: 404 } }));
  await errorOf(createClient(server.options).get('a'));
  assert.equal(server.requests.length, 1);
});

test('submit is tried again only with an idempotency key', async () => {
  for (const [idempotencyKey, tries] of [
    ['once', 2],
    [undefined, 1],
  ] as const) {
    const server = fakeServer((_, count) => (count === 1 ? BUSY : { status: 202, json: jobBody() }));
    const submitted = createClient(server.options).submit({ type: 'echo' }, { idempotencyKey });
    await (tries === 1 ? errorOf(submitted) : submitted);
    assert.equal(server.requests.length, tries);
    assert.equal(server.requests[0]?.headers.get('idempotency-key'), idempotencyKey ?? null);
  }
});

test('retry of a job and its removal are made once, cancel is repeated', async () => {
  for (const [name, tries] of [
    ['retry', 1],
    ['remove', 1],
    ['cancel', 5],
  ] as const) {
    const server = fakeServer(() => BUSY);
    await errorOf(createClient(server.options)[name]('a'));
    assert.equal(server.requests.length, tries, name);
  }
});

test('a signal ends a call with its own reason, and no further try', async () => {
  const controller = new AbortController();
  const server = fakeServer((request) => {
    controller.abort(new Error('enough'));
    request.signal.throwIfAborted();
    return {};
  });
  await assert.rejects(createClient(server.options).get('a', { signal: controller.signal }), { message: 'enough' });
  assert.equal(server.requests.length, 1);
});

test('a server that does not answer is TIMED_OUT after the hold and the time to answer', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const server = fakeServer(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const client = createClient({ ...server.options, triesMax: 1, answerMsMax: 5_000 });
  const waited = errorOf(client.submit({ type: 'echo' }, { waitMs: 10_000 }));
  context.mock.timers.tick(14_999);
  assert.equal(server.requests[0]?.signal.aborted, false);
  context.mock.timers.tick(1);
  assert.equal((await waited).code, 'TIMED_OUT');
});

test('submit asks to wait in whole seconds, at least as long as wished', async () => {
  const server = fakeServer(() => ({ json: finishedBody() }));
  await createClient(server.options).submit({ type: 'echo' }, { waitMs: 1_200 });
  assert.equal(server.requests[0]?.headers.get('prefer'), 'wait=2');
});

test('submitMany splits what is more than one request takes, and keeps the order', async () => {
  const server = fakeServer(({ json }) => {
    const { jobs } = json as { jobs: readonly { type: string }[] };
    return { json: { items: jobs.map(({ type }) => ({ status: 202, job: jobBody({ type }) })) } };
  });
  const jobs = Array.from({ length: 1_001 }, (_, at) => ({ type: `t${at}` }));
  const items = await createClient(server.options).submitMany(jobs);
  assert.equal(server.requests.length, 2);
  assert.deepEqual(
    items.map((item) => item.job?.type),
    jobs.map((job) => job.type),
  );
});

test('submitMany keeps each request below the size that a server takes', async () => {
  const server = fakeServer(({ json }) => {
    const { jobs } = json as { jobs: readonly unknown[] };
    return { json: { items: jobs.map(() => ({ status: 202, job: jobBody() })) } };
  });
  const input = 'x'.repeat(100_000);
  await createClient(server.options).submitMany(Array.from({ length: 5 }, () => ({ type: 'echo', input })));
  const sizes = server.requests.map(({ json }) => (json as { jobs: readonly unknown[] }).jobs.length);
  assert.deepEqual(sizes, [2, 2, 1]);
});

test('result hands out the bytes and their content type', async () => {
  const server = fakeServer(() => ({ text: 'a,b', headers: { 'content-type': 'text/csv' } }));
  const result = await createClient(server.options).result('a');
  assert.equal(result.contentType, 'text/csv');
  assert.equal(new TextDecoder().decode(result.bytes), 'a,b');
});

test('list follows the cursor from page to page, and only as far as it is read', async () => {
  const server = fakeServer((_, count) => ({
    json: {
      jobs: [jobBody({ number: count * 2 }), jobBody({ number: count * 2 + 1 })],
      next: count < 3 ? `c${count}` : null,
    },
  }));
  const numbers: unknown[] = [];
  for await (const job of createClient(server.options).list({ states: ['failed', 'expired'], tags: { team: 'x' } })) {
    numbers.push(job.number);
    if (numbers.length === 3) break;
  }
  assert.deepEqual(numbers, [2, 3, 4]);
  assert.equal(server.requests.length, 2);
  assert.deepEqual(server.requests[1]?.url.searchParams.getAll('cursor'), ['c1']);
});

test('an option that a call does not know is refused: it was meant to do something', async () => {
  const server = fakeServer(() => ({ json: jobBody() }));
  const client = createClient(server.options);
  const typo = { state: 'failed', timeout: 5 } as object;
  const calls: readonly (() => unknown)[] = [
    () => client.list(typo),
    () => client.get('a', typo),
    () => client.wait('a', typo),
    () => client.waitMany(['a'], typo),
    () => client.submit({ type: 't' }, typo),
    () => client.submitMany([], typo),
    () => client.cancel('a', typo),
    () => client.watch('a', typo).next(),
    () => client.events('a', typo).next(),
    () => client.keys.list(typo),
    () => client.work.heartbeat({ id: 'a', fence: 1 }, typo),
    () => client.work.fail({ id: 'a', fence: 1 }, { code: 'A', message: '' }, typo),
    () => createClient({ ...server.options, ...typo }),
  ];
  for (const call of calls) {
    await assert.rejects(async () => await call(), { name: 'TypeError', message: /has no option "state"; it has / });
  }
  assert.equal(server.requests.length, 0);
});
