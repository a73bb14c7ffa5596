import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryLater } from '../core/retry-later.ts';
import { createClient } from './client.ts';
import { type FakeAnswer, type FakeRequest, fakeServer } from './fake-server.ts';
import { runWorker, WorkError } from './run-worker.ts';
import type { WorkBody } from './wire.ts';
import type { RunWorkerOptions } from './worker-options.ts';

const WORK: WorkBody = {
  id: 'j1',
  type: 'ocr',
  input: { page: 1 },
  attempt: 1,
  attemptsMax: 3,
  fence: 4,
  timeoutMs: null,
  deadlineAt: null,
  leaseUntil: null,
  tags: {},
};

const held = ({ signal }: FakeRequest) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

interface Script {
  /** Answers the reports, 200 where left out. */
  readonly report?: (request: FakeRequest, count: number) => FakeAnswer;
  readonly jobs?: readonly WorkBody[];
  readonly heartbeat?: (request: FakeRequest, count: number) => FakeAnswer | Promise<FakeAnswer>;
  readonly options?: Partial<RunWorkerOptions>;
  readonly handle: RunWorkerOptions['handle'];
}

/** Lets a worker claim `jobs` once, and stops it as soon as it asks for more. Answers with what it said about them. */
async function workerRun({ jobs = [WORK], heartbeat = held, report, options, handle }: Script) {
  const stop = new AbortController();
  const troubles: unknown[] = [];
  let claims = 0;
  let beats = 0;
  let reports = 0;
  const server = fakeServer((request) => {
    const call = request.url.pathname.split('/').at(-1);
    if (call === 'heartbeat') {
      beats += 1;
      return heartbeat(request, beats);
    }
    if (call !== 'claim') {
      reports += 1;
      return report?.(request, reports) ?? { json: {} };
    }
    claims += 1;
    if (claims === 1) return { json: { jobs } };
    stop.abort();
    return held(request);
  });
  const { pause, now } = server.options;
  const onTrouble = (error: unknown) => troubles.push(error);
  const fixed = { types: ['ocr'], handle, signal: stop.signal, slots: 2, pause, now, onTrouble };
  await runWorker(createClient(server.options), { ...fixed, ...options });
  const said = server.requests
    .filter((request) => /\/(succeed|fail|release)$/.test(request.url.pathname))
    .map(({ url, json }) => [
      url.pathname,
      url.pathname.endsWith('succeed') ? { fence: Number(url.searchParams.get('fence')), result: json } : json,
    ]);
  return { said, troubles, server };
}

test('runWorker reports what the handler returned, with the fence of the claim', async () => {
  const { said, server } = await workerRun({ handle: (job) => ({ got: job.input }) });
  assert.deepEqual(said, [['/v1/work/j1/succeed', { fence: 4, result: { got: { page: 1 } } }]]);
  const { worker, ...claim } = (server.requests[0]?.json ?? {}) as Record<string, unknown>;
  assert.deepEqual(claim, { types: ['ocr'], max: 2, leaseMs: 30_000, wait: 30 });
  assert.match(String(worker), /^worker-/);
});

test('runWorker reports nothing returned as null, and bytes with their content type', async () => {
  assert.deepEqual((await workerRun({ handle: () => undefined })).said[0]?.[1], { fence: 4, result: null });
  const bytes = new Uint8Array([1, 2]);
  const { server } = await workerRun({ handle: () => ({ contentType: 'image/png', bytes }) });
  const request = server.requests.find((one) => one.url.pathname.endsWith('succeed'));
  assert.equal(request?.headers.get('content-type'), 'image/png');
  assert.equal(request?.url.searchParams.get('fence'), '4');
});

test('runWorker reports whatever is thrown as a failure that may be tried again', async () => {
  for (const [thrown, message] of [
    [new Error('torn page'), 'torn page'],
    ['plain words', 'plain words'],
  ] as const) {
    const { said } = await workerRun({
      handle: () => {
        throw thrown;
      },
    });
    const expected = { fence: 4, error: { code: 'HANDLER_FAILED', message }, retryable: true };
    assert.deepEqual(said, [['/v1/work/j1/fail', expected]]);
  }
});

test('runWorker passes on the code of a WorkError and that no retry can fix it', async () => {
  const { said } = await workerRun({
    handle: () => Promise.reject(new WorkError('PAGE_BLANK', 'nothing on it', { isRetryable: false, details: [1] })),
  });
  const error = { code: 'PAGE_BLANK', message: 'nothing on it', details: [1] };
  assert.deepEqual(said[0]?.[1], { fence: 4, error, retryable: false });
});

test('runWorker fires the signal on a requested cancel and reports how the handler ended', async () => {
  const { said } = await workerRun({
    heartbeat: (request, count) => (count === 1 ? { json: { cancelRequested: true } } : held(request)),
    handle: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error(`stopped by ${signal.reason}`)));
      }),
  });
  assert.deepEqual(said[0]?.[1], {
    fence: 4,
    error: { code: 'HANDLER_FAILED', message: 'stopped by cancel' },
    retryable: true,
  });
});

test('runWorker sends no heartbeat for a job that is over at once, and the first well within a short lease', async () => {
  const pauses: number[] = [];
  const untilEnded = (ms: number, signal: AbortSignal | undefined) => {
    pauses.push(ms);
    return new Promise<void>((_, reject) => signal?.addEventListener('abort', reject, { once: true }));
  };
  for (const leaseMs of [30_000, 150]) {
    const { said, server } = await workerRun({ options: { leaseMs, pause: untilEnded }, handle: () => 'done' });
    assert.equal(said.length, 1);
    assert.deepEqual(server.requests.map(({ url }) => url.pathname.split('/').at(-1)).sort(), [
      'claim',
      'claim',
      'succeed',
    ]);
  }
  assert.deepEqual(pauses, [100, 50]);
});

test('runWorker drops a job that was given to somebody else', async () => {
  let reason: unknown;
  const { said, troubles } = await workerRun({
    heartbeat: () => ({ status: 409, json: { code: 'FENCE_OLD', title: 'Taken over.', status: 409 } }),
    handle: async (_, { signal }) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason = signal.reason;
      return 'too late';
    },
  });
  assert.equal(reason, 'lost');
  assert.deepEqual(said, []);
  assert.match(String(troubles[0]), /Taken over/);
});

test('runWorker gives a job up when no heartbeat went through for a whole lease', async () => {
  const { said } = await workerRun({
    options: { leaseMs: 9_000 },
    heartbeat: () => {
      throw new TypeError('fetch failed');
    },
    handle: async (_, { signal }) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 'too late';
    },
  });
  assert.deepEqual(said, []);
});

test('runWorker sends the newest progress with the fence', async () => {
  const sent: unknown[] = [];
  const told = Promise.withResolvers<void>();
  await workerRun({
    heartbeat: (request) => {
      const { progress } = request.json as { progress?: { percent: number } };
      if (progress === undefined) return held(request);
      sent.push(progress);
      if (progress.percent === 90) told.resolve();
      return { json: { cancelRequested: false } };
    },
    handle: async (_, { progress }) => {
      for (const percent of [10, 20, 30]) progress(percent);
      progress(90, 'nearly');
      await told.promise;
    },
  });
  assert.deepEqual(sent, [{ percent: 10 }, { percent: 90, message: 'nearly' }]);
});

const AWAY = { status: 503, json: { code: 'SHUTTING_DOWN', title: 'Bye.', status: 503 } };

test('runWorker keeps a finished result as long as its lease lasts', async () => {
  // Twelve refusals, five tries and a pause for each five: a server that is away for some seconds.
  const { said, troubles } = await workerRun({
    report: (_, count) => (count <= 12 ? AWAY : { json: {} }),
    handle: () => 'done',
  });
  assert.equal(said.length, 13);
  assert.deepEqual(said.at(-1), ['/v1/work/j1/succeed', { fence: 4, result: 'done' }]);
  assert.equal(troubles.length, 2);
});

test('runWorker gives a finished result up when its lease is over', async () => {
  const { server, troubles } = await workerRun({
    options: { leaseMs: 9_000 },
    report: () => AWAY,
    handle: () => 'done',
  });
  const spentMs = server.pauses.reduce((sum, ms) => sum + ms, 0);
  assert.ok(spentMs > 6_000 && spentMs < 12_000, `${spentMs}`);
  assert.match(String(troubles.at(-1)), /Bye/);
});

const CYCLE: unknown[] = [];
CYCLE.push(CYCLE);

for (const [name, value, message] of [
  ['a bigint', { n: 1n }, /returned a bigint at \/n/],
  ['a Map', new Map([[1, 2]]), /returned a Map/],
  ['a generator', (function* () {})(), /returned a Generator/],
  ['a cycle', CYCLE, /returned a cycle/],
] as const) {
  test(`runWorker reports ${name} as a failure for good`, async () => {
    const { said } = await workerRun({ handle: () => value as never });
    assert.equal(said.length, 1);
    const [path, body] = said[0] as [string, { error: { code: string; message: string }; retryable: boolean }];
    assert.deepEqual([path, body.error.code, body.retryable], ['/v1/work/j1/fail', 'RESULT_NOT_JSON', false]);
    assert.match(body.error.message, message);
  });
}

test('runWorker reports a result that the server does not take as a failure for good', async () => {
  for (const answer of [
    { status: 413, json: { code: 'BODY_TOO_LARGE', title: 'Too large.', status: 413 } },
    { status: 413, text: '<html>a proxy</html>' },
  ]) {
    const { said, troubles } = await workerRun({
      report: (_, count) => (count === 1 ? answer : { json: {} }),
      handle: () => 'x',
    });
    const [path, body] = said[1] as [string, { error: { code: string }; retryable: boolean }];
    assert.deepEqual([path, body.error.code, body.retryable], ['/v1/work/j1/fail', 'RESULT_TOO_LARGE', false]);
    assert.equal(troubles.length, 1);
  }
});

test('runWorker reports failures of any shape: details that JSON cannot carry are left out', async () => {
  for (const [thrown, code] of [
    [new WorkError('ODD', 'odd', { details: { n: 1n } as never }), 'ODD'],
    [new WorkError('', 'no code'), 'HANDLER_FAILED'],
    [Object.create(null), 'HANDLER_FAILED'],
  ] as const) {
    const { said } = await workerRun({ handle: () => Promise.reject(thrown) });
    const [path, body] = said[0] as [string, { error: { code: string; details?: unknown } }];
    assert.deepEqual([path, body.error.code, body.error.details ?? null], ['/v1/work/j1/fail', code, null]);
  }
});

test('runWorker goes on when the server is away for a while', async () => {
  const stop = new AbortController();
  const server = fakeServer((request, count) => {
    if (count === 1) return { status: 503, json: { code: 'SHUTTING_DOWN', title: 'Bye.', status: 503 } };
    stop.abort();
    return held(request);
  });
  const { pause, now } = server.options;
  await runWorker(createClient(server.options), { types: ['a'], handle: () => null, signal: stop.signal, pause, now });
  assert.equal(server.requests.length, 2);
  assert.deepEqual(server.pauses, [1_000]);
});

test('runWorker rejects when the server refuses the worker itself', async () => {
  const server = fakeServer(() => ({
    status: 422,
    json: { code: 'TYPE_UNKNOWN', title: 'No such type.', status: 422 },
  }));
  const run = runWorker(createClient(server.options), { types: ['a'], handle: () => null });
  await assert.rejects(run, { code: 'TYPE_UNKNOWN' });
});

test('runWorker brings what the handler says before the outcome, with the fence of the claim', async () => {
  const { said, server, troubles } = await workerRun({
    heartbeat: (request) => ((request.json as { log?: unknown }).log === undefined ? held(request) : { json: {} }),
    handle: (_, { log }) => {
      for (let line = 0; line < 150; line += 1) log(`line ${line}`);
      log.warn('no title', { page: 3 });
      return null;
    },
  });
  assert.deepEqual(troubles, []);
  assert.equal(said.length, 1);
  const beats = server.requests.flatMap(({ json, url }) => {
    const { log, fence } = (json ?? {}) as { log?: { line: string; level: string; fields?: object }[]; fence: number };
    return log === undefined ? [] : [{ log, fence, path: url.pathname }];
  });
  assert.deepEqual(
    beats.map(({ log, fence, path }) => [path, fence, log.length]),
    [
      ['/v1/work/j1/heartbeat', 4, 100],
      ['/v1/work/j1/heartbeat', 4, 51],
    ],
  );
  const { at, ...last } = (beats[1]?.log.at(-1) ?? {}) as Record<string, unknown>;
  assert.deepEqual(last, { level: 'warn', line: 'no title', fields: { page: 3 } });
  assert.match(String(at), /^2030-/);
  const order = server.requests.map(({ url }) => url.pathname.split('/').at(-1));
  assert.ok(order.lastIndexOf('heartbeat') < order.indexOf('succeed'), order.join());
});

test('runWorker brings what the handler emits, all of it and in order, before the outcome', async () => {
  const big = 'x'.repeat(150_000);
  let refusals = 2;
  const outputOf = (request: { json?: unknown }) => (request.json as { output?: unknown[] } | undefined)?.output;
  const { said, server } = await workerRun({
    heartbeat: (request) => {
      if (outputOf(request) === undefined) return held(request);
      refusals -= 1;
      return refusals >= 0 ? AWAY : { json: {} };
    },
    handle: async function* (_, { emit }) {
      emit({ n: 1 });
      yield big;
      yield big;
      return 'whole';
    },
  });
  assert.equal(said.length, 1);
  const taken = server.requests
    .flatMap((request) => outputOf(request) ?? [])
    .map((chunk) => JSON.stringify(chunk).length);
  assert.deepEqual(taken.slice(-3), [7, big.length + 2, big.length + 2]);
  const order = server.requests.map(({ url }) => url.pathname.split('/').at(-1));
  assert.ok(order.lastIndexOf('heartbeat') < order.indexOf('succeed'), order.join());
});

test('runWorker fails the job for good when the server does not take what it emits', async () => {
  const { said } = await workerRun({
    heartbeat: (request) =>
      (request.json as { output?: unknown }).output === undefined
        ? held(request)
        : { status: 413, json: { code: 'OUTPUT_TOO_LARGE', title: 'Too large.', status: 413 } },
    handle: (_, { emit }) => {
      emit('much');
      return null;
    },
  });
  const [path, body] = said[0] as [string, { error: { code: string }; retryable: boolean }];
  assert.deepEqual([path, body.error.code, body.retryable], ['/v1/work/j1/fail', 'OUTPUT_TOO_LARGE', false]);
});

test('RetryLater gives the job back, and closes its key for so long', async () => {
  const { said } = await workerRun({
    handle: () => {
      throw new RetryLater(1_500.2);
    },
  });
  assert.deepEqual(said, [['/v1/work/j1/release', { fence: 4, closeMs: 1_501 }]]);
});
