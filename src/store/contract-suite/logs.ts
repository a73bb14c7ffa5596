/** Logs: lines are appended under the fence, read by offset, kept within their room, and go with their job. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import { LOG_LINE_BYTES, type LogEntry, type LogLevel } from '../../core/log-line.ts';
import type { LogFilter, LogLine, Store } from '../contract.ts';
import { claimOne, dumped, fail, insertJob, insertJobs, NOW, succeed, take, wholeJobsOf } from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

const BYTES_MAX = 1_048_576;
const LINES_MAX = 1_000_000;

export const logs: Topic = [
  test('logAppend keeps lines in their order, with what they say, and logRead gives them', async (context) => {
    const { store } = context;
    const job = await running(context);
    const entries = [entry('one'), entry('', 'debug'), entry('ü🚀', 'error', '{"a":[1,"\\u0000"]}')];
    assert.deepEqual(await append(store, job, entries), ['written']);
    assert.deepEqual(await append(store, job, [entry('two', 'warn')]), ['written']);
    const lines = await read(store, job);
    assert.deepEqual(
      lines.map(bare),
      [...entries, entry('two', 'warn')].map((one) => ({ ...one, stream: 'log', fence: 1, attempt: 1 })),
    );
    assert.deepEqual(
      lines.map(({ offset }) => offset),
      [LOG_LINE_BYTES + 3, 2 * LOG_LINE_BYTES + 3, 3 * LOG_LINE_BYTES + 9 + 18, 4 * LOG_LINE_BYTES + 9 + 18 + 3],
    );
  }),

  test('logAppend takes what texts may hold', async (context) => {
    const job = await running(context);
    const line = 'a\0b\ue000\r\n"\\{}\u2028';
    await append(context.store, job, [entry(line), entry(line)]);
    assert.deepEqual(
      (await read(context.store, job)).map((one) => one.line),
      [line, line],
    );
  }),

  test('logRead goes on behind an offset, and an offset past the end is empty', async (context) => {
    const { store } = context;
    const job = await running(context);
    await append(
      store,
      job,
      ['a', 'b', 'c'].map((line) => entry(line)),
    );
    const [a, b, c] = await read(store, job);
    assert.deepEqual(await read(store, job, { after: a?.offset ?? 0 }), [b, c]);
    assert.deepEqual(await read(store, job, { after: (a?.offset ?? 0) + 1, limit: 1 }), [b]);
    assert.deepEqual(await read(store, job, { after: (c?.offset ?? 0) + 1_000 }), []);
    assert.deepEqual(
      await store.logRead({ id: '00000000-0000-7000-8000-000000000000', stream: 'log', after: 0, limit: 1 }),
      [],
    );
  }),

  test('logRead picks by attempt and by level', async (context) => {
    const { store } = context;
    const job = await running(context);
    await append(store, job, [entry('one', 'debug'), entry('two', 'error')]);
    await fail(store, job, true);
    const again = await claimOne(context, NOW + 1_000_000);
    await append(store, again, [entry('three', 'warn')]);
    const texts = async (over: Partial<LogFilter>) => (await read(store, job, over)).map(({ line }) => line);
    assert.deepEqual(await texts({ attempt: 1 }), ['one', 'two']);
    assert.deepEqual(await texts({ attempt: 2 }), ['three']);
    assert.deepEqual(await texts({ attempt: 3 }), []);
    assert.deepEqual(await texts({ levelMin: 'warn' }), ['two', 'three']);
    assert.deepEqual(await texts({ levelMin: 'error', attempt: 2 }), []);
    assert.deepEqual(await texts({}), ['one', 'two', 'three']);
  }),

  test('logAppend writes nothing for who lost the job, and all else of the batch', async (context) => {
    const { store } = context;
    const job = await running(context);
    await fail(store, job, true);
    const again = await claimOne(context, NOW + 1_000_000);
    const append = (fence: number, line: string) => ({
      id: job.id,
      fence,
      stream: 'log' as const,
      entries: [entry(line)],
      bytesMax: BYTES_MAX,
    });
    const unknown = { ...append(1, 'x'), id: '00000000-0000-7000-8000-000000000000' };
    const batch = [append(job.fence, 'old'), unknown, append(again.fence, 'new'), append(again.fence, 'newer')];
    assert.deepEqual(await store.logAppend(batch), ['lost', 'lost', 'written', 'written']);
    await succeed(store, again);
    assert.deepEqual(await store.logAppend([append(again.fence, 'late')]), ['lost']);
    assert.deepEqual(
      (await read(store, job)).map(({ line }) => line),
      ['new', 'newer'],
    );
    assert.deepEqual(await store.logAppend([]), []);
  }),

  test('logAppend leaves out the middle of what is too long, and a line says so', async (context) => {
    const { store } = context;
    const job = await running(context);
    const bytesMax = 2_000;
    const text = 'x'.repeat(100 - LOG_LINE_BYTES);
    let largest = 0;
    for (let round = 0; round < 20; round += 1) {
      const entries = Array.from({ length: 5 }, () => entry(text));
      assert.deepEqual(await store.logAppend([{ id: job.id, fence: job.fence, stream: 'log', entries, bytesMax }]), [
        'written',
      ]);
      largest = Math.max(largest, (await read(store, job)).length);
    }
    const lines = await read(store, job);
    assert.ok(largest <= bytesMax / 100 + 1, `${largest} lines of 100 bytes`);
    assert.ok(lines.length >= 15, `${lines.length} lines are left`);
    const offsets = lines.map(({ offset }) => offset);
    assert.deepEqual(offsets.slice(0, 10), [100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
    const [leftOut, ...more] = lines.filter(({ attempt }) => attempt === 0);
    assert.deepEqual(more, []);
    assert.equal(leftOut?.level, 'warn');
    assert.equal(lines.indexOf(leftOut as LogLine), 10);
    const words = leftOut?.line ?? '';
    assert.ok(words.startsWith(`… ${(leftOut?.offset ?? 0) - 1_000} bytes `), words);
    assert.ok(words.includes(' 2000 ') && words.includes('logBytesPerJobMax'), words);
    assert.deepEqual(
      offsets.slice(11),
      Array.from({ length: offsets.length - 11 }, (_, at) => 10_100 - 100 * (offsets.length - 11 - at)),
    );
    assert.deepEqual(await read(store, job, { attempt: 7, levelMin: 'error' }), [leftOut]);
  }),

  test('logs stay when their job is tried again, and count among the bytes of the tenant until it is removed', async (context) => {
    const { store, tenant } = context;
    const job = await running(context);
    await insertJob(context);
    const { jobs, bytes } = await store.usage(tenant);
    await append(store, job, [entry('12345678'), entry('', 'info', '{}')]);
    const logged = { jobs, bytes: bytes + 2 * LOG_LINE_BYTES + 10 };
    assert.deepEqual(await store.usage(tenant), logged);
    const failed = await fail(store, job, false);
    await take(store, failed.id, { kind: 'retry' });
    assert.deepEqual(await store.usage(tenant), logged);
    assert.equal((await read(store, job)).length, 2);
    assert.equal(
      (await store.count({ tenant })).reduce((sum, { count }) => sum + count, 0),
      jobs,
    );
    const done = await take(store, job.id, { kind: 'cancel' });
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(await read(store, job), []);
    assert.deepEqual(await store.usage(tenant), { jobs: jobs - 1, bytes: bytes - 2 });
  }),

  test('remove leaves the logs of other jobs', async (context) => {
    const { store } = context;
    await insertJobs(context, [{}, {}, {}]);
    const [a, b, c] = [await claimOne(context), await claimOne(context), await claimOne(context)];
    for (const job of [a, c]) await append(store, job, [entry(job.id)]);
    const ends = [await succeed(store, b), await succeed(store, c)];
    await store.remove(ends.map(({ id, revision }) => ({ id, revision, now: NOW, goneUntil: NOW + 1 })));
    assert.equal((await read(store, a)).length, 1);
    assert.equal((await read(store, c)).length, 0);
  }),

  alone('logs are part of their job in a dump, and restored with it', async (context) => {
    const { store, tenant } = context;
    await insertJobs(context, [{}, {}, {}]);
    const [a, b] = [await claimOne(context), await claimOne(context)];
    await append(store, a, [entry('a\0', 'debug', '{"x":1}'), entry('b')]);
    await append(store, b, [entry('c')]);
    const records = await dumped(store);
    const whole = wholeJobsOf(records);
    assert.deepEqual(
      whole.map((record) => record.logs),
      [await read(store, a), await read(store, b), []],
    );
    const target = await context.openEmpty();
    await target.restore(records);
    assert.deepEqual(await read(target, a), await read(store, a));
    assert.deepEqual(await target.usage(tenant), await store.usage(tenant));
    assert.deepEqual(await append(target, a, [entry('more')]), ['written']);
    assert.equal((await read(target, a)).at(-1)?.line, 'more');
    assert.deepEqual(
      (await target.restore(records)).filter((outcome) => outcome === 'written'),
      [],
    );
    assert.equal((await read(target, a)).length, 3);
  }),
];

function entry(line: string, level: LogLevel = 'info', fields: string | null = null): LogEntry {
  return { at: NOW, level, line, fields };
}

function bare({ offset: _, ...line }: LogLine): Omit<LogLine, 'offset'> {
  return line;
}

async function running(context: Context): Promise<Job> {
  await insertJob(context);
  return claimOne(context);
}

function append(store: Store, { id, fence }: Job, entries: readonly LogEntry[]) {
  return store.logAppend([{ id, fence, stream: 'log', entries, bytesMax: BYTES_MAX }]);
}

function read(store: Store, { id }: Pick<Job, 'id'>, over: Partial<LogFilter> = {}): Promise<readonly LogLine[]> {
  return store.logRead({ id, stream: 'log', after: 0, limit: LINES_MAX, ...over });
}
