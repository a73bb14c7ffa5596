import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Json } from '../../core/job.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import type { Attempt } from '../../engine/api.ts';
import { type Clock, systemClock } from '../../engine/clock.ts';
import { createFakeClock } from '../../engine/fake-clock.ts';
import { resultOf, type SampleAttempt, sampleAttempt } from '../sample-attempt.ts';
import { ThreadPool } from './pool.ts';

const TYPES = `
import { getPriority } from 'node:os';
import { isMainThread, threadId } from 'node:worker_threads';
import { PermanentError } from '${new URL('../function/permanent-error.ts', import.meta.url)}?another-copy';

const untilAborted = (signal) => new Promise((_, reject) => {
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener('abort', () => reject(signal.reason));
});

export default { types: {
  echo: (input) => input,
  where: { tag: 'own', run() { return { threadId, isMainThread, tag: this.tag }; } },
  priority: () => getPriority(),
  facts: (_, { id, type, tenant, attempt, tags, deadline, schedule, traceparent, tracestate }) => ({
    ...{ id, type, tenant, attempt, tags, deadline, schedule, traceparent, tracestate },
  }),
  chatty: (_, job) => { for (let i = 1; i <= 100; i += 1) job.progress(i, 'step ' + i); job.log('said'); job.log.debug('more', { a: 1 }); return null; },
  parts: async function* (_, job) { job.emit({ a: 1 }); yield 'b'; yield 'c'; return 'whole'; },
  wait: async (_, job) => { job.progress(1, String(threadId)); await untilAborted(job.signal); },
  tell: async (_, job) => { job.progress(1); try { await untilAborted(job.signal); } catch (error) { return { name: error.name, message: error.message }; } },
  gate: (_, job) => new Promise((resolve) => {
    const gate = new BroadcastChannel(job.id);
    gate.onmessage = () => { gate.close(); resolve('through'); };
    job.progress(1, String(threadId));
  }),
  spin: (_, job) => { job.progress(1); for (;;); },
  polite: (_, job) => { let turns = 0; job.progress(1); while (!job.signal.aborted) turns += 1; throw job.signal.reason; },
  deaf: (_, job) => { job.progress(1, String(threadId)); return new Promise(() => setInterval(() => {}, 1000)); },
  exit: async () => process.exit(7),
  stray: (_, job) => new Promise(() => setImmediate(() => { throw new Error('thrown outside'); })),
  forgotten: async () => { Promise.reject(new Error('forgotten')); await new Promise(() => {}); },
  late: () => { setImmediate(() => Promise.reject(new Error('too late'))); return 'ended'; },
  greedy: (_, job) => { job.progress(1); const kept = []; for (;;) kept.push(new Array(10_000).fill(kept.length)); },
  permanent: () => { throw new PermanentError('no use', { code: 'NO_USE', details: { why: 1 } }); },
  text: () => { throw 'a text'; },
  pooled: () => ({ bytes: Buffer.from('pooled bytes'), contentType: 'text/plain' }),
  bigint: () => ({ deep: [1n] }),
  kin: (_, job) => Promise.all([job.parents(), job.parents().then((parents) => parents.length)]),
  after: (_, job) => { setImmediate(() => job.progress(99, 'after the end')); return 1; },
} };
`;

let folder: string;
const pools: ThreadPool[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bide-threads-'));
  await writeFile(join(folder, 'types.mjs'), TYPES);
  await writeFile(
    join(folder, 'types.mts'),
    'const n: number = 4;\nexport const other = { types: { four: () => n } };\n',
  );
  const throwing =
    "import { isMainThread } from 'node:worker_threads';\nif (!isMainThread) throw new Error('not here');\nexport default { types: {} };\n";
  await writeFile(join(folder, 'throws.mjs'), throwing);
  await writeFile(
    join(folder, 'hangs.mjs'),
    'setInterval(() => {}, 60_000);\nawait new Promise(() => {});\nexport default { types: {} };\n',
  );
});
after(() => rm(folder, { recursive: true }));
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

interface PoolSetup {
  readonly files?: readonly (readonly [string, string])[];
  readonly clock?: Clock;
}

function poolOf(
  limits: Partial<Limits> = {},
  { files = [['types.mjs', 'default']], clock = systemClock }: PoolSetup = {},
) {
  const modules = files.map(([file, exportName]) => ({ url: pathToFileURL(join(folder, file)).href, exportName }));
  const pool = new ThreadPool({ modules, limits: { ...DEFAULT_LIMITS, ...limits }, clock });
  pools.push(pool);
  return pool;
}

function start(pool: ThreadPool, type: string, input: Json = null, job: Partial<Attempt['job']> = {}) {
  const attempt = sampleAttempt(input, { type, ...job });
  return { attempt, ended: pool.run(attempt, 0) };
}

/** Begun jobs, each with the thread that it told of. */
async function begin(pool: ThreadPool, type: string, count: number) {
  const jobs = Array.from({ length: count }, () => start(pool, type));
  await Promise.all(jobs.map(({ attempt }) => attempt.reported()));
  return jobs;
}

/** Lets a `gate` job through. */
function open(id: string): void {
  const gate = new BroadcastChannel(id);
  gate.postMessage(null);
  gate.close();
}

async function threadOf(attempt: SampleAttempt): Promise<string> {
  return String((await attempt.reported()).message);
}

describe('ThreadPool', () => {
  it('runs a function in another thread, with its object as `this`', async () => {
    const where = resultOf(await start(poolOf(), 'where').ended) as {
      threadId: number;
      isMainThread: boolean;
      tag: string;
    };
    assert.equal(where.isMainThread, false);
    assert.equal(where.tag, 'own');
  });

  it('gives functions a lower priority than the thread that answers requests, where threads have one', async () => {
    const own = getPriority();
    const lower = process.platform === 'linux' ? 5 : 0;
    assert.equal(resultOf(await start(poolOf(), 'priority').ended), Math.min(19, own + lower));
    assert.equal(getPriority(), own);
  });

  it('hands input and facts over and brings the result back', async () => {
    const pool = poolOf();
    assert.deepEqual(resultOf(await start(pool, 'echo', { a: [1, null, 'ä'] }).ended), { a: [1, null, 'ä'] });
    const deadlineAt = 4_000_000_000_000;
    const trace = { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, state: 'a=1' };
    const terms = { schedule: { name: 's', tick: deadlineAt }, trace };
    const job = { id: 'x', tenant: 't', attempt: 3, tags: { k: 'v' }, deadlineAt, terms };
    const facts = resultOf(await start(pool, 'facts', null, job).ended);
    assert.deepEqual(facts, {
      id: 'x',
      type: 'facts',
      tenant: 't',
      attempt: 3,
      tags: { k: 'v' },
      deadline: new Date(deadlineAt).toJSON(),
      schedule: { name: 's', tick: new Date(deadlineAt).toJSON() },
      traceparent: trace.parent,
      tracestate: 'a=1',
    });
  });

  it('asks for the parents of a job once at a time, and says why where they cannot be read', async () => {
    const parent = { id: 'p', state: 'succeeded', result: { a: 1 }, resultBytes: 7, error: null } as const;
    let asked = 0;
    const parents = async () => {
      asked += 1;
      return [parent];
    };
    const pool = poolOf();
    assert.deepEqual(resultOf(await pool.run({ ...sampleAttempt(null, { type: 'kin' }), parents }, 0)), [[parent], 1]);
    assert.equal(asked, 1);
    const away = async () => Promise.reject(new Error('The store is away.'));
    const failed = await pool.run({ ...sampleAttempt(null, { type: 'kin' }), parents: away }, 0);
    assert.ok(failed.kind === 'failed' && failed.isRetryable);
    assert.equal(failed.failure.message, 'The store is away.');
  });

  it('emits what a handler emits and yields, before its end', async () => {
    const { attempt, ended } = start(poolOf(), 'parts');
    assert.equal(resultOf(await ended), 'whole');
    assert.deepEqual(attempt.chunks, [{ a: 1 }, 'b', 'c']);
  });

  it('brings progress and log lines across in their order', async () => {
    const { attempt, ended } = start(poolOf(), 'chatty');
    await ended;
    assert.deepEqual(
      attempt.reports.map(({ percent }) => percent),
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    assert.deepEqual(attempt.lines, [
      { line: 'said', level: 'info', fields: null },
      { line: 'more', level: 'debug', fields: '{"a":1}' },
    ]);
  });

  it('drops what a function says after its end', async () => {
    const pool = poolOf({ threads: 1 });
    const { attempt, ended } = start(pool, 'after');
    await ended;
    await start(pool, 'echo').ended;
    assert.deepEqual(attempt.reports, []);
  });

  it('runs many jobs at once in one thread', async () => {
    const pool = poolOf({ threads: 1 });
    const waiting = await begin(pool, 'wait', 200);
    assert.equal(new Set(await Promise.all(waiting.map(({ attempt }) => threadOf(attempt)))).size, 1);
    assert.equal(resultOf(await start(pool, 'echo', 'meanwhile').ended), 'meanwhile');
    for (const { attempt } of waiting) attempt.abort('cancel');
    for (const { ended } of waiting) assert.deepEqual(await ended, { kind: 'aborted' });
  });

  it('spreads jobs over its threads and starts no more of them than it may', async () => {
    const jobs = await begin(poolOf({ threads: 3 }), 'wait', 9);
    const threads = await Promise.all(jobs.map(({ attempt }) => threadOf(attempt)));
    const loads = [...new Set(threads)].map((thread) => threads.filter((each) => each === thread).length);
    assert.deepEqual(loads, [3, 3, 3]);
  });

  it('takes on more jobs than one thread has places', async () => {
    const pool = poolOf({ threads: 1 });
    const jobs = Array.from({ length: 3_000 }, (_, index) => start(pool, 'echo', index));
    const results = await Promise.all(jobs.map(async ({ ended }) => resultOf(await ended)));
    assert.deepEqual(
      results,
      Array.from({ length: 3_000 }, (_, index) => index),
    );
  });

  for (const [reason, name, message] of [
    ['cancel', 'AbortError', 'The job was cancelled.'],
    ['timeout', 'TimeoutError', 'The attempt took longer than its timeout.'],
    ['shutdown', 'AbortError', 'The server is shutting down.'],
  ] as const) {
    it(`fires the signal in the thread with an error when the reason is ${reason}`, async () => {
      const { attempt, ended } = start(poolOf(), 'tell');
      await attempt.reported();
      attempt.abort(reason);
      assert.deepEqual(resultOf(await ended), { name, message });
    });
  }

  it('aborts a job that has not begun, at once', async () => {
    const { attempt, ended } = start(poolOf(), 'echo');
    attempt.abort('cancel');
    assert.deepEqual(await ended, { kind: 'aborted' });
  });

  it('does not run a job whose signal has fired before', async () => {
    const attempt = sampleAttempt(null, { type: 'spin' });
    attempt.abort('cancel');
    assert.deepEqual(await poolOf().run(attempt, 0), { kind: 'aborted' });
  });

  it('lets a loop that never awaits see its signal fire, and keeps the thread', async () => {
    const pool = poolOf({ threads: 1, threadPingMs: 60_000, cancelGraceMs: 60_000 });
    const before = resultOf(await start(pool, 'where').ended);
    const { attempt, ended } = start(pool, 'polite');
    await attempt.reported();
    attempt.abort('cancel');
    assert.deepEqual(await ended, { kind: 'aborted' });
    assert.deepEqual(resultOf(await start(pool, 'where').ended), before);
  });

  it('ends an endless loop with its thread and releases the jobs beside it', async () => {
    const pool = poolOf({ threads: 1, threadPingMs: 200 });
    const [innocent] = await begin(pool, 'wait', 1);
    const [guilty] = await begin(pool, 'spin', 1);
    guilty?.attempt.abort('timeout');
    assert.deepEqual(await guilty?.ended, { kind: 'aborted' });
    assert.deepEqual(await innocent?.ended, { kind: 'released' });
    assert.equal(resultOf(await start(pool, 'echo', 'again').ended), 'again');
  });

  it('gives jobs that a looping thread has not begun to another one', async () => {
    const pool = poolOf({ threads: 1, threadPingMs: 200 });
    const [spinning] = await begin(pool, 'spin', 1);
    const jobs = Array.from({ length: 20 }, (_, index) => start(pool, 'echo', index));
    const results = await Promise.all(jobs.map(async ({ ended }) => resultOf(await ended)));
    assert.deepEqual(
      results,
      Array.from({ length: 20 }, (_, index) => index),
    );
    spinning?.attempt.abort('cancel');
    assert.deepEqual(await spinning?.ended, { kind: 'aborted' });
  });

  it('makes jobs wait when every thread that it may have is looping, and goes on when one is gone', async () => {
    const pool = poolOf({ threads: 1, threadPingMs: 100 });
    const spinning = await begin(pool, 'spin', 4);
    const waiting = start(pool, 'echo', 'at last');
    spinning[0]?.attempt.abort('timeout');
    assert.equal(resultOf(await waiting.ended), 'at last');
    for (const { attempt } of spinning) attempt.abort('shutdown');
    for (const { ended } of spinning) assert.deepEqual(await ended, { kind: 'aborted' });
  });

  it('runs what was released from a looping thread alone the next time', async () => {
    const pool = poolOf({ threads: 1, threadPingMs: 200 });
    const suspect = start(pool, 'wait', null, { id: 'suspect' });
    await suspect.attempt.reported();
    const [guilty] = await begin(pool, 'spin', 1);
    guilty?.attempt.abort('timeout');
    assert.deepEqual(await suspect.ended, { kind: 'released' });

    const again = start(pool, 'wait', null, { id: 'suspect' });
    const alone = await threadOf(again.attempt);
    const others = await begin(pool, 'wait', 3);
    for (const { attempt } of others) assert.notEqual(await threadOf(attempt), alone);
  });

  /** A thread with a job that ignores its signal and one beside it, with the grace of the first over. */
  async function deafThread(beside: string, limits: Partial<Limits> = {}) {
    const clock = createFakeClock();
    const pool = poolOf({ threads: 1, cancelGraceMs: 1_000, threadPingMs: 5_000, ...limits }, { clock });
    const [deaf] = await begin(pool, 'deaf', 1);
    const [other] = await begin(pool, beside, 1);
    assert.ok(deaf !== undefined && other !== undefined);
    deaf.attempt.abort('cancel');
    // The answer to this comes after the answer that shows the thread to be alive.
    await start(pool, 'echo').ended;
    clock.advance(1_000);
    return { pool, clock, deaf, other };
  }

  it('ends a job that ignores its signal once the jobs beside it are done', async () => {
    const { deaf, other } = await deafThread('gate');
    const order: string[] = [];
    const ends = [deaf.ended.then(() => order.push('deaf')), other.ended.then(() => order.push('other'))];
    open(other.attempt.job.id);
    await Promise.all(ends);
    assert.deepEqual(order, ['other', 'deaf']);
    assert.deepEqual(await deaf.ended, { kind: 'aborted' });
    assert.equal(resultOf(await other.ended), 'through');
  });

  it('gives no job to a thread that is to go', async () => {
    const { pool, deaf, other } = await deafThread('wait');
    const [next] = await begin(pool, 'wait', 1);
    assert.ok(next !== undefined);
    assert.notEqual(await threadOf(next.attempt), await threadOf(deaf.attempt));
    assert.equal(await threadOf(other.attempt), await threadOf(deaf.attempt));
    other.attempt.abort('cancel');
    assert.deepEqual(await deaf.ended, { kind: 'aborted' });
  });

  it('releases the jobs beside a deaf one when they take longer than the drain', async () => {
    const { clock, deaf, other } = await deafThread('wait', { threadDrainMs: 9_000 });
    clock.advance(9_000);
    assert.deepEqual(await deaf.ended, { kind: 'aborted' });
    assert.deepEqual(await other.ended, { kind: 'released' });
  });

  for (const [type, message] of [
    ['exit', 'The handler called process.exit(7).'],
    ['stray', 'thrown outside'],
    ['forgotten', 'forgotten'],
  ] as const) {
    it(`fails the job that brings its thread down by ${type}, and releases the others`, async () => {
      const pool = poolOf({ threads: 1 });
      const beside = await begin(pool, 'wait', 2);
      const outcome = await start(pool, type).ended;
      const failure = { code: 'HANDLER_FAILED', message, details: null };
      assert.deepEqual(outcome, { kind: 'failed', failure, isRetryable: true });
      for (const { ended } of beside) assert.deepEqual(await ended, { kind: 'released' });
      assert.equal(resultOf(await start(pool, 'echo', 'again').ended), 'again');
    });
  }

  it('blames nobody for what a job that has ended left behind', async () => {
    const pool = poolOf({ threads: 1 });
    const [beside] = await begin(pool, 'wait', 1);
    assert.equal(resultOf(await start(pool, 'late').ended), 'ended');
    assert.deepEqual(await beside?.ended, { kind: 'released' });
  });

  it('fails every job of a thread that ran out of memory, since any may have done it', async () => {
    const pool = poolOf({ threads: 1, threadMemoryMib: 48 });
    const [beside] = await begin(pool, 'wait', 1);
    const message = 'The handler thread used more memory than threadMemoryMib allows (48 MiB).';
    const expected = { kind: 'failed', failure: { code: 'HANDLER_FAILED', message, details: null }, isRetryable: true };
    assert.deepEqual(await start(pool, 'greedy').ended, expected);
    assert.deepEqual(await beside?.ended, expected);
    assert.equal(resultOf(await start(pool, 'echo', 'again').ended), 'again');
  });

  it('outlives threads that run out of memory all at once', async () => {
    const threads = 12;
    const pool = poolOf({ threads, threadMemoryMib: 48 });
    const greedy = Array.from({ length: threads }, () => start(pool, 'greedy').ended);
    const kinds = (await Promise.all(greedy)).map(({ kind }) => kind);
    assert.deepEqual(kinds, new Array(threads).fill('failed'));
  });

  it('knows a PermanentError of another copy of the module across the thread boundary', async () => {
    const failure = { code: 'NO_USE', message: 'no use', details: { why: 1 } };
    const { stack, ...outcome } = (await start(poolOf(), 'permanent').ended) as { readonly stack?: string };
    assert.deepEqual(outcome, { kind: 'failed', failure, isRetryable: false });
    assert.match(stack ?? '', /at permanent .*types\.mjs/);
  });

  it('says what was thrown when that is no error', async () => {
    const failure = {
      code: 'HANDLER_FAILED',
      message: 'The handler threw "a text", which is not an Error.',
      details: null,
    };
    assert.deepEqual(await start(poolOf(), 'text').ended, { kind: 'failed', failure, isRetryable: true });
  });

  it('brings bytes of a pooled buffer across, and only those', async () => {
    const outcome = await start(poolOf(), 'pooled').ended;
    assert.equal(resultOf(outcome), 'pooled bytes');
    assert.equal(outcome.kind === 'succeeded' && outcome.result?.contentType, 'text/plain');
  });

  it('refuses a result that JSON cannot carry, with its place', async () => {
    const outcome = await start(poolOf(), 'bigint').ended;
    const message = 'The handler returned a bigint at /deep/0. Return JSON, or { bytes, contentType }.';
    assert.deepEqual(outcome, {
      kind: 'failed',
      failure: { code: 'RESULT_NOT_JSON', message, details: null },
      isRetryable: false,
    });
  });

  it('says so when the config in the thread has no such function', async () => {
    const outcome = await start(poolOf(), 'constructor').ended;
    assert.equal(
      outcome.kind === 'failed' && outcome.failure.message,
      'The config as this thread loaded it has no function for the type constructor.',
    );
  });

  it('takes types from several modules, TypeScript and named exports included', async () => {
    const pool = poolOf(
      {},
      {
        files: [
          ['types.mjs', 'default'],
          ['types.mts', 'other'],
        ],
      },
    );
    assert.equal(resultOf(await pool.run(sampleAttempt(null, { type: 'four' }), 1)), 4);
    assert.equal(resultOf(await pool.run(sampleAttempt(5, { type: 'echo' }), 0)), 5);
  });

  it('fails jobs with the reason when the config cannot be loaded in a thread', async () => {
    const outcome = await start(poolOf({}, { files: [['throws.mjs', 'default']] }), 'echo').ended;
    const message = 'The config could not be loaded in a handler thread: not here';
    assert.deepEqual(outcome, {
      kind: 'failed',
      failure: { code: 'HANDLER_FAILED', message, details: null },
      isRetryable: true,
    });
  });

  it('fails jobs when the config takes too long to load in a thread', async () => {
    const outcome = await start(poolOf({ configLoadMs: 300 }, { files: [['hangs.mjs', 'default']] }), 'echo').ended;
    const message = 'The config took longer than 300 ms (configLoadMs) to load in a handler thread.';
    assert.equal(outcome.kind === 'failed' && outcome.failure.message, message);
  });

  it('releases what is left when it is closed, and all that comes after', async () => {
    const pool = poolOf({ threads: 1 });
    const [running] = await begin(pool, 'wait', 1);
    const unbegun = start(pool, 'echo');
    await pool.close();
    assert.deepEqual(await running?.ended, { kind: 'released' });
    assert.deepEqual(await unbegun.ended, { kind: 'released' });
    assert.deepEqual(await start(pool, 'echo').ended, { kind: 'released' });
  });
});
