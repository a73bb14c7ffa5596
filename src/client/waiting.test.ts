import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { type FakeAnswer, type FakeRequest, fakeServer, finishedBody, jobBody } from './fake-server.ts';

const idsOf = (request: FakeRequest) => (request.json as { ids: readonly string[] }).ids;

test('wait holds again and again until the job is done', async () => {
  const server = fakeServer((_, count) => (count < 4 ? { json: jobBody(), heldMs: 30_000 } : { json: finishedBody() }));
  const waited = await createClient(server.options).wait('a');
  assert.equal(waited.isSatisfied, true);
  assert.deepEqual(
    server.requests.map((request) => request.url.searchParams.get('wait')),
    ['30', '30', '30', '30'],
  );
});

test('wait asks only for the time that is left, and ends with the latest snapshot', async () => {
  const server = fakeServer(({ url }) => {
    return { json: jobBody({ revision: 7 }), heldMs: Number(url.searchParams.get('wait')) * 1_000 };
  });
  const waited = await createClient(server.options).wait('a', { timeoutMs: 42_500 });
  assert.deepEqual([waited.isSatisfied, waited.job.revision], [false, 7]);
  assert.deepEqual(
    server.requests.map((request) => request.url.searchParams.get('wait')),
    ['30', '12.5'],
  );
});

test('wait with a timeout of 0 looks once', async () => {
  const server = fakeServer(() => ({ json: jobBody() }));
  assert.equal((await createClient(server.options).wait('a', { timeoutMs: 0 })).isSatisfied, false);
  assert.equal(server.requests.length, 1);
});

test('wait goes at a walking pace where the server does not hold', async () => {
  const server = fakeServer(() => ({ json: jobBody() }));
  await createClient(server.options).wait('a', { timeoutMs: 2_500 });
  assert.deepEqual(server.pauses, [1_000, 1_000, 500]);
});

const GATEWAY = { status: 504, text: '<html>Gateway Timeout</html>' };

/** Cuts what is held for longer than `cutMs`, in the way of `cut`. */
function gateway(cutMs: number, cut: FakeAnswer) {
  let isDone = false;
  const server = fakeServer(({ url }) => {
    const holdMs = Number(url.searchParams.get('wait')) * 1_000;
    if (holdMs > cutMs) return { ...cut, heldMs: cutMs };
    if (isDone) return { json: finishedBody() };
    isDone = true;
    return { json: jobBody(), heldMs: holdMs };
  });
  const holds = () => server.requests.map(({ url }) => Number(url.searchParams.get('wait')));
  return { server, holds };
}

for (const [name, cut] of [
  ['an error of its own', GATEWAY],
  ['a page with status 200', { text: '<html>One moment, please</html>' }],
  ['JSON with status 200', { json: { ok: true, status: 'warming up' } }],
] as const) {
  test(`wait survives a gateway that cuts holds with ${name}, by shorter ones`, async () => {
    const { server, holds } = gateway(10_000, cut);
    const client = createClient(server.options);
    const waited = await client.wait('a');
    assert.equal(waited.isSatisfied, true);
    assert.deepEqual(holds(), [30, 5, 5]);
    await client.wait('a');
    assert.equal(holds().at(-1), 5, 'the client has learnt it for its other waits');
  });
}

test('wait survives a connection that is broken in the middle of a hold', async () => {
  let nowMs = 0;
  const server = fakeServer(() => {
    if (nowMs > 0) return { json: finishedBody() };
    nowMs = 20_000;
    throw new TypeError('fetch failed');
  });
  const now = () => server.options.now() + nowMs;
  assert.equal((await createClient({ ...server.options, now }).wait('a')).isSatisfied, true);
  assert.deepEqual(
    server.requests.map(({ url }) => url.searchParams.get('wait')),
    ['30', '10'],
  );
});

test('wait ends with the error of a gateway that cuts even the shortest hold', async () => {
  const server = fakeServer(() => ({ ...GATEWAY, heldMs: 10_000 }));
  await assert.rejects(createClient(server.options).wait('a'), { status: 504 });
  assert.ok(server.requests.length < 10, `${server.requests.length}`);
});

test('wait with a timeout tells the latest snapshot though its holds are cut', async () => {
  const { server } = gateway(4_000, GATEWAY);
  const waited = await createClient(server.options).wait('a', { timeoutMs: 6_500 });
  assert.equal(waited.isSatisfied, false);
});

test('no answer is taken for a job that is none: wait, watch, waitMany, get', async () => {
  for (const json of [
    { ok: true },
    [],
    null,
    7,
    { jobs: [] },
    { jobs: [{}] },
    { state: 'succeeded', finishedAt: 'x' },
  ]) {
    const client = createClient(fakeServer(() => ({ json })).options);
    const calls = [client.wait('a'), client.watch('a').next(), client.waitMany(['a']), client.get('a')];
    for (const call of calls) await assert.rejects(call, { code: 'BAD_ANSWER' });
  }
});

test('wait ends when its signal fires', async () => {
  const controller = new AbortController();
  const server = fakeServer(() => {
    controller.abort(new Error('left'));
    return { json: jobBody() };
  });
  await assert.rejects(createClient(server.options).wait('a', { signal: controller.signal }), { message: 'left' });
});

test('watch yields each revision once and ends with the final one', async () => {
  const states = [
    { json: jobBody({ revision: 1 }), headers: { etag: '"1s"' } },
    { status: 304, heldMs: 30_000 },
    { json: jobBody({ revision: 2, state: 'running' }), headers: { etag: '"2"' } },
    { json: finishedBody({ revision: 3 }) },
  ] as const;
  const server = fakeServer((_, count) => states[count - 1] ?? {});
  const seen: number[] = [];
  for await (const job of createClient(server.options).watch('a')) seen.push(job.revision);
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(
    server.requests.map((request) => request.headers.get('if-none-match')),
    [null, '"1s"', '"1s"', '"2"'],
  );
  assert.equal(server.requests[1]?.url.searchParams.get('until'), 'change');
});

test('watch yields a change of the word alone, and does not spin on it', async () => {
  const bodies = [jobBody({ state: 'scheduled' }), jobBody({ state: 'queued' }), finishedBody()];
  const server = fakeServer((_, count) => ({ json: bodies[count - 1] }));
  const seen: string[] = [];
  for await (const job of createClient(server.options).watch('a')) seen.push(job.state);
  assert.deepEqual(seen, ['scheduled', 'queued', 'succeeded']);
  assert.deepEqual(server.pauses, [1_000]);
});

test('waitMany asks again only for the open ids, and answers in the order given', async () => {
  const server = fakeServer((request, count) => {
    const jobs = idsOf(request).map((id) => (id === 'b' && count === 1 ? jobBody({ id }) : finishedBody({ id })));
    return { json: { satisfied: count > 1, jobs }, heldMs: 30_000 };
  });
  const waited = await createClient(server.options).waitMany(['a', 'b', 'a', 'c']);
  assert.equal(waited.isSatisfied, true);
  assert.deepEqual(
    waited.jobs.map((job) => job.id),
    ['a', 'b', 'a', 'c'],
  );
  assert.deepEqual(server.requests.map(idsOf), [['a', 'b', 'c'], ['b']]);
});

test('waitMany never waits for unknown ids, and does not take one for the any that finished', async () => {
  const server = fakeServer((request, count) => ({
    json: {
      jobs: idsOf(request).map((id) => {
        if (id === 'x') return { id, state: 'unknown' };
        return count < 3 ? jobBody({ id }) : finishedBody({ id });
      }),
    },
    heldMs: 30_000,
  }));
  const waited = await createClient(server.options).waitMany(['x', 'a'], { for: 'any' });
  assert.equal(waited.isSatisfied, true);
  assert.deepEqual(
    waited.jobs.map((job) => job.state),
    ['unknown', 'succeeded'],
  );
  assert.deepEqual(server.requests.map(idsOf), [['x', 'a'], ['a'], ['a']]);
});

test('waitMany for all is not satisfied where one of the jobs is unknown, and does not wait for it', async () => {
  const server = fakeServer((request) => ({
    json: { jobs: idsOf(request).map((id) => (id === 'x' ? { id, state: 'unknown' } : finishedBody({ id }))) },
  }));
  assert.equal((await createClient(server.options).waitMany(['x', 'a'])).isSatisfied, false);
  assert.equal(server.requests.length, 1);
});

test('waitMany ends at its timeout with mixed states', async () => {
  const server = fakeServer((request) => {
    const { ids, timeout } = request.json as { ids: readonly string[]; timeout: number };
    return {
      json: { jobs: ids.map((id) => (id === 'a' ? finishedBody({ id }) : jobBody({ id }))) },
      heldMs: timeout * 1_000,
    };
  });
  const waited = await createClient(server.options).waitMany(['a', 'b'], { timeoutMs: 5_000 });
  assert.equal(waited.isSatisfied, false);
  assert.deepEqual(
    waited.jobs.map((job) => job.state),
    ['succeeded', 'queued'],
  );
});

test('waitMany for any over several requests ends the other holds and still knows every job', async () => {
  const ids = Array.from({ length: 2_500 }, (_, at) => `j${at}`);
  const server = fakeServer(async (request) => {
    const asked = idsOf(request);
    const { timeout } = request.json as { timeout: number };
    const jobs = asked.map((id) => (id === 'j1500' ? finishedBody({ id }) : jobBody({ id })));
    if (!asked.includes('j1500') && timeout > 0) {
      await new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)));
    }
    return { json: { jobs } };
  });
  const waited = await createClient(server.options).waitMany(ids, { for: 'any' });
  assert.equal(waited.isSatisfied, true);
  assert.equal(waited.jobs.length, 2_500);
  assert.equal(waited.jobs.filter((job) => job.state === 'unknown').length, 0);
  assert.equal(waited.jobs[1_500]?.state, 'succeeded');
});

test('waitMany of nothing is satisfied without a request', async () => {
  const server = fakeServer(() => ({}));
  assert.deepEqual(await createClient(server.options).waitMany([]), { isSatisfied: true, jobs: [] });
  assert.equal(server.requests.length, 0);
});
