/** Output: a stream beside the log, kept whole within its room, begun anew by each run. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import { LOG_LINE_BYTES, type LogEntry } from '../../core/log-line.ts';
import type { LogFilter, LogLine, Store, Stream } from '../contract.ts';
import { claimOne, dumped, fail, insertJob, NOW, succeed, take, wholeJobsOf } from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

/** Chunks of 100 bytes as offsets count them. */
const CHUNK = JSON.stringify('x'.repeat(100 - LOG_LINE_BYTES - 2));

export const output: Topic = [
  test('output has offsets of its own, and neither stream shows lines of the other', async (context) => {
    const { store } = context;
    const job = await running(context);
    await append(store, job, ['"a"'], { stream: 'log' });
    assert.equal(await append(store, job, ['"a"', '{"b":1.50}']), 'written');
    const lines = await read(store, job);
    assert.deepEqual(
      lines.map(({ offset, fence, attempt, line }) => [offset, fence, attempt, line]),
      [
        [LOG_LINE_BYTES + 3, 1, 1, '"a"'],
        [2 * LOG_LINE_BYTES + 13, 1, 1, '{"b":1.50}'],
      ],
    );
    assert.equal((await read(store, job, { stream: 'log' })).length, 1);
    assert.deepEqual(await read(store, job, { after: LOG_LINE_BYTES + 3 }), lines.slice(1));
  }),

  test('output of one run that would be too long is not written, and what fits is', async (context) => {
    const { store } = context;
    const job = await running(context);
    const bytesMax = 1_000;
    assert.equal(await append(store, job, Array(9).fill(CHUNK), { bytesMax }), 'written');
    assert.equal(await append(store, job, [CHUNK, CHUNK], { bytesMax }), 'full');
    assert.equal(await append(store, job, [CHUNK], { bytesMax }), 'written');
    assert.equal(await append(store, job, ['1'], { bytesMax }), 'full');
    assert.equal((await read(store, job)).length, 10);
    assert.equal(await append(store, { ...job, fence: job.fence + 1 }, ['1'], { bytesMax }), 'lost');
  }),

  test('output of earlier runs stays until it is in the way, and offsets go on', async (context) => {
    const { store, tenant } = context;
    const first = await running(context);
    const { bytes } = await store.usage(tenant);
    const bytesMax = 1_000;
    await append(store, first, Array(6).fill(CHUNK), { bytesMax });
    const second = await again(context, first);
    await append(store, second, Array(3).fill(CHUNK), { bytesMax });
    const fences = async () => (await read(store, first)).map(({ fence }) => fence);
    assert.deepEqual(await fences(), [1, 1, 1, 1, 1, 1, 2, 2, 2]);
    await append(store, second, Array(3).fill(CHUNK), { bytesMax });
    const lines = await read(store, first);
    assert.deepEqual(
      lines.map(({ offset, fence, attempt }) => [offset, fence, attempt]),
      [[600, 1, 1], ...[700, 800, 900, 1_000, 1_100, 1_200].map((offset) => [offset, 2, 2])],
    );
    assert.equal((await store.usage(tenant)).bytes - bytes, 700);
    assert.equal(await append(store, second, Array(4).fill(CHUNK), { bytesMax }), 'written');
    assert.equal(await append(store, second, ['1'], { bytesMax }), 'full');
    assert.equal((await read(store, first)).length, 11);
    const third = await again(context, second);
    assert.equal(await append(store, third, Array(11).fill(CHUNK), { bytesMax }), 'full');
    assert.equal(await append(store, third, Array(10).fill(CHUNK), { bytesMax }), 'written');
    assert.deepEqual(await fences(), [2, ...Array(10).fill(3)]);
    assert.equal((await read(store, first)).at(-1)?.offset, 2_600);
  }),

  test('a run of the same attempt has a fence of its own', async (context) => {
    const { store } = context;
    const job = await running(context);
    await append(store, job, ['1']);
    await take(store, job.id, { kind: 'release', fence: job.fence });
    const next = await claimOne(context);
    await append(store, next, ['2']);
    assert.deepEqual(
      (await read(store, job)).map(({ attempt, fence }) => [attempt, fence]),
      [
        [1, 1],
        [1, 2],
      ],
    );
  }),

  test('a look at output is bounded in bytes, behind the first line', async (context) => {
    const { store } = context;
    const job = await running(context);
    await append(store, job, Array(10).fill(CHUNK));
    const offsets = async (over: Partial<LogFilter>) => (await read(store, job, over)).map(({ offset }) => offset);
    assert.deepEqual(await offsets({ bytesMax: 299 }), [100, 200, 300]);
    assert.deepEqual(await offsets({ bytesMax: 0, after: 150 }), [200]);
    assert.deepEqual(await offsets({ bytesMax: 300, limit: 2 }), [100, 200]);
    assert.deepEqual(await offsets({ bytesMax: 300, after: 1_000 }), []);
  }),

  test('output goes with its job, and counts among the bytes of the tenant until then', async (context) => {
    const { store, tenant } = context;
    const job = await running(context);
    const { jobs, bytes } = await store.usage(tenant);
    await append(store, job, [CHUNK]);
    await append(store, job, ['"log"'], { stream: 'log' });
    assert.equal((await store.usage(tenant)).bytes, bytes + 100 + LOG_LINE_BYTES + 5);
    const done = await succeed(store, job);
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(await read(store, job), []);
    assert.deepEqual(await store.usage(tenant), { jobs: jobs - 1, bytes: bytes - 2 });
  }),

  alone('output is part of its job in a dump, and restored with it', async (context) => {
    const { store } = context;
    const job = await running(context);
    await append(store, job, ['"a"'], { stream: 'log' });
    await append(store, job, ['1e400', '"\\u0000"']);
    const records = await dumped(store);
    assert.deepEqual(wholeJobsOf(records)[0]?.logs, [
      ...(await read(store, job, { stream: 'log' })),
      ...(await read(store, job)),
    ]);
    const target = await context.openEmpty();
    await target.restore(records);
    assert.deepEqual(await read(target, job), await read(store, job));
    assert.deepEqual(await target.usage(context.tenant), await store.usage(context.tenant));
    assert.equal(await append(target, job, ['3']), 'written');
  }),
];

async function running(context: Context): Promise<Job> {
  await insertJob(context, { retry: { attempts: 3, backoffMs: 0, factor: 1, maxMs: 0 } });
  return claimOne(context);
}

async function again(context: Context, job: Job): Promise<Job> {
  await fail(context.store, job, true);
  return claimOne(context, NOW + 1_000_000);
}

interface Over {
  readonly stream?: Stream;
  readonly bytesMax?: number;
}

async function append(
  store: Store,
  { id, fence }: Job,
  texts: readonly string[],
  { stream = 'output', bytesMax = 1_048_576 }: Over = {},
) {
  const entries = texts.map((line): LogEntry => ({ at: NOW, level: 'info', line, fields: null }));
  return (await store.logAppend([{ id, fence, stream, entries, bytesMax }]))[0];
}

function read(store: Store, { id }: Pick<Job, 'id'>, over: Partial<LogFilter> = {}): Promise<readonly LogLine[]> {
  return store.logRead({ id, stream: 'output', after: 0, limit: 1_000_000, ...over });
}
