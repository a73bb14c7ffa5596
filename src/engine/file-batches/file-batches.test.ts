import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DONE, type Fixture, failed, json, openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { openStore } from '../../../test/engine/store-pool.ts';
import { spyOn } from '../../../test/engine/store-spy.ts';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { FileBatchDraft, FileBatchView, JobType, LineWords } from '../api.ts';
import { fileOwner } from '../files/file-shelf.ts';
import { batchOwner } from './batch-shelf.ts';

const BY = { keyId: 'k1', keyName: 'ops' };
const DAY_MS = 86_400_000;

/** A dialect of tests: `{"key", "type", "input"}` a line. */
const WORDS: LineWords = {
  read(text, { options }) {
    const line = parsed(text);
    if (line === null) return { kind: 'issue', issue: { code: 'no_json', message: 'no JSON', param: null } };
    const { key = '', type = '', input = null } = line;
    const origin = { dialect: 'lines', data: { key, options } };
    return { kind: 'job', key, request: { type, input, origin } };
  },
  problem: (kind, about) => ({ code: kind, message: about, param: null }),
  refusal: ({ code, message }) => ({ code, message, param: null }),
  async write(_batch, { job, resultText }) {
    const { key } = (job.origin?.data ?? {}) as { readonly key?: string };
    const isError = job.state !== 'succeeded';
    return { isError, text: JSON.stringify({ key, ...(isError ? { state: job.state } : { result: resultText }) }) };
  },
  missing: (text, why) => JSON.stringify({ key: parsed(text)?.key, why }),
  fileName: (id, kind) => `${id}-${kind}`,
  outputPurpose: 'out',
};

function parsed(text: string): { readonly key?: string; readonly type?: string; readonly input?: Json } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const lines = (count: number, type = 'task') =>
  Array.from({ length: count }, (_, at) => JSON.stringify({ key: `k${at}`, type, input: at }));

async function uploaded({ engine }: Fixture, text: string): Promise<string> {
  const writer = await engine.files.open(TENANT);
  await writer.write(text);
  return (await writer.end({ name: 'in', purpose: 'batch' })).id;
}

async function begun(fixture: Fixture, text: string, over: Partial<FileBatchDraft> = {}): Promise<FileBatchView> {
  fixture.engine.fileBatches.speak('lines', WORDS);
  const file = await uploaded(fixture, text);
  const draft = { tenant: TENANT, dialect: 'lines', options: { endpoint: 'x' }, file, windowMs: DAY_MS, ...over };
  return fixture.engine.fileBatches.create(draft);
}

async function now({ engine }: Fixture, { id }: Pick<FileBatchView, 'id'>): Promise<FileBatchView> {
  return (await engine.fileBatches.read(TENANT, id)) ?? assert.fail('there is no such batch');
}

/** Lets the time pass until it is over. */
async function ended(fixture: Fixture, batch: Pick<FileBatchView, 'id'>, secondsMax = 120): Promise<FileBatchView> {
  for (let second = 0; second < secondsMax; second += 5) {
    const view = await now(fixture, batch);
    if (view.phase === 'over') return view;
    await fixture.advance(5_000);
  }
  return assert.fail(`it is ${JSON.stringify(await now(fixture, batch))}`);
}

async function textOf({ engine }: Fixture, id: string | null): Promise<readonly Record<string, Json>[]> {
  if (id === null) return [];
  const pieces: string[] = [];
  for await (const { text } of engine.files.texts({ id, tenant: TENANT })) pieces.push(text);
  const text = pieces.join('');
  assert.ok(text.endsWith('\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const keysOf = (read: readonly Record<string, Json>[]) => read.map(({ key }) => key);
const keys = (count: number) => Array.from({ length: count }, (_, at) => `k${at}`);

async function rejects(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(call, (error) => error instanceof BideError && error.code === code);
}

async function jobs({ engine }: Fixture, states?: readonly ('failed' | 'succeeded' | 'cancelled')[]) {
  const counts = await engine.count({ tenant: TENANT, types: ['task', 'far'], ...(states ? { states } : {}) });
  return counts.reduce((sum, { count }) => sum + count, 0);
}

describe('a batch of a file', () => {
  it('runs each line once, and has what became of them in the order of the file', async () => {
    const run = async ({ input }: { readonly input: string }) =>
      Number(input) % 10 === 3 ? failed('no', false) : json(Number(input) * 2);
    await using fixture = await openEngine({ types: { task: { slots: 50, handler: { kind: 'function', run } } } });
    const batch = await begun(fixture, lines(700).join('\n'));
    assert.equal(batch.state, 'validating');
    const view = await ended(fixture, batch);
    assert.deepEqual([view.state, view.counts], ['completed', { total: 700, completed: 630, failed: 70 }]);
    const [output, errors] = [await textOf(fixture, view.output), await textOf(fixture, view.errors)];
    assert.deepEqual(
      keysOf(output),
      keys(700).filter((_, at) => at % 10 !== 3),
    );
    assert.deepEqual(
      keysOf(errors),
      keys(700).filter((_, at) => at % 10 === 3),
    );
    assert.deepEqual([output[4]?.result, errors[0]?.state], ['10', 'failed']);
    assert.equal(await jobs(fixture), 700);
    const { startedAt, finalizingAt, endedAt } = view.times;
    assert.ok([startedAt, finalizingAt, endedAt].every((time) => time !== null && time >= view.createdAt));
  });

  it('submits nothing of a file with a wrong line, and names each of them', async () => {
    const task: Partial<JobType> = {
      checkInput: (input) =>
        typeof input === 'number'
          ? { kind: 'valid', input }
          : { kind: 'invalid', issues: [{ path: '', message: 'must be a number' }] },
    };
    await using fixture = await openEngine({ types: { task }, limits: { bodyBytesMax: 2_000 } });
    const [first = '', second = ''] = lines(2);
    const text = [
      ...[`\uFEFF${first}`, second, '{"key"', first, '', '   ', '{"key":"a","type":"none"}'],
      ...['{"key":"b","type":"task","input":"x"}', `{"key":"c","type":"task","input":"${'x'.repeat(2_000)}"}\r`],
    ].join('\n');
    const view = await ended(fixture, await begun(fixture, text));
    assert.equal(view.state, 'failed');
    assert.deepEqual(
      view.issues.map(({ line, code }) => `${line} ${code}`),
      ['3 no_json', '4 keyTwice', '7 TYPE_UNKNOWN', '8 INPUT_INVALID', '9 lineTooLong'],
    );
    assert.deepEqual([await jobs(fixture), view.output, view.errors, view.group], [0, null, null, null]);
  });

  it('fails for a file without lines, with too many, and one that is gone', async () => {
    await using fixture = await openEngine({ limits: { fileBatchLinesMax: 3 } });
    const code = async (view: FileBatchView) => (await ended(fixture, view)).issues.map(({ code }) => code);
    assert.deepEqual(await code(await begun(fixture, '\n \r\n')), ['empty']);
    assert.deepEqual(await code(await begun(fixture, lines(4).join('\n'))), ['tooManyLines']);
    await rejects(begun(fixture, 'x', { file: '00000000-0000-7000-8000-000000000000' }), 'FILE_NOT_FOUND');
  });

  for (const when of ['validating', 'running'] as const) {
    it(`is cancelled while it is ${when}: what has ended stays, all else is told as cancelled`, async () => {
      await using fixture = await openEngine({ types: { task: async () => DONE, far: 'remote' } });
      const text = [...lines(2), ...lines(4, 'far').slice(2)].join('\n');
      const batch = await begun(fixture, text);
      if (when === 'running') {
        await fixture.advance(1_000);
        assert.deepEqual((await now(fixture, batch)).state, 'in_progress');
      }
      const cancelled = await fixture.engine.fileBatches.cancel(TENANT, batch.id, BY);
      assert.equal(cancelled?.state, 'cancelling');
      assert.equal(await fixture.engine.fileBatches.cancel('globex', batch.id, BY), null);
      const view = await ended(fixture, batch);
      assert.equal(view.state, 'cancelled');
      if (when === 'running') {
        assert.deepEqual(keysOf(await textOf(fixture, view.output)), ['k0', 'k1']);
        assert.deepEqual(keysOf(await textOf(fixture, view.errors)), ['k2', 'k3']);
        assert.deepEqual(view.counts, { total: 4, completed: 2, failed: 2 });
      }
      await rejects(fixture.engine.fileBatches.cancel(TENANT, batch.id, BY), 'FILE_BATCH_OVER');
    });
  }

  it('ends as expired when its time is over, with what has no end told so', async () => {
    await using fixture = await openEngine({ types: { task: async () => DONE, far: 'remote' } });
    const batch = await begun(fixture, [...lines(1), ...lines(3, 'far').slice(1)].join('\n'), { windowMs: 60_000 });
    const view = await ended(fixture, batch);
    assert.equal(view.state, 'expired');
    assert.deepEqual(keysOf(await textOf(fixture, view.output)), ['k0']);
    assert.deepEqual(keysOf(await textOf(fixture, view.errors)), ['k1', 'k2']);
    assert.equal(await jobs(fixture), 3);
    assert.ok((view.times.endedAt ?? 0) <= batch.expiresAt + 15_000);
  });

  it('waits for room where its tenant has none, and goes on where it stopped', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' }, limits: { jobsWaitingMax: 600 } });
    const batch = await begun(fixture, lines(1_000, 'far').join('\n'));
    await fixture.advance(20_000);
    assert.equal((await now(fixture, batch)).place.line, 500);
    assert.equal((await now(fixture, batch)).state, 'in_progress');
    await fixture.engine.fileBatches.cancel(TENANT, batch.id, BY);
    const view = await ended(fixture, batch);
    assert.deepEqual([view.state, view.counts], ['cancelled', { total: 1_000, completed: 0, failed: 1_000 }]);
    const errors = await textOf(fixture, view.errors);
    assert.deepEqual(keysOf(errors), keys(1_000));
    assert.deepEqual([errors[499]?.state, errors[500]?.why], ['cancelled', 'cancelled']);
  });

  it('fails when its file is removed while lines are submitted, and tells what became of those that were', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' }, limits: { jobsWaitingMax: 600 } });
    const batch = await begun(fixture, lines(1_000, 'far').join('\n'));
    await fixture.advance(1_000);
    assert.equal(await fixture.engine.files.remove(TENANT, batch.file), true);
    const view = await ended(fixture, batch);
    assert.deepEqual([view.state, view.issues[0]?.code], ['failed', 'gone']);
    assert.equal((await textOf(fixture, view.errors)).length, 500);
  });

  it('fails where lines that were in order are so no more, since the config is another one', async () => {
    await using fixture = await openEngine({ types: { far: 'remote' }, limits: { jobsWaitingMax: 600 } });
    const batch = await begun(fixture, lines(1_000, 'far').join('\n'));
    await fixture.advance(1_000);
    const issue = { code: 'noModel', message: 'no such model', param: 'model' };
    fixture.engine.fileBatches.speak('lines', { ...WORDS, read: () => ({ kind: 'issue', issue }) });
    await fixture.engine.bulk.submit({ tenant: TENANT, action: 'cancel', filter: { types: ['far'] }, by: BY });
    const view = await ended(fixture, batch);
    assert.deepEqual([view.state, view.issues[0]?.message], ['failed', 'Line 501: no such model']);
    assert.deepEqual(view.counts, { total: 1_000, completed: 0, failed: 1_000 });
  });

  it('tells of a job that was removed, and changes no more when one is run again', async () => {
    await using fixture = await openEngine({ types: { far: 'remote', task: async () => failed('no', false) } });
    const batch = await begun(fixture, [...lines(2), ...lines(3, 'far').slice(2)].join('\n'));
    await fixture.advance(1_000);
    const { snapshots } = await fixture.engine.list({ tenant: TENANT, order: 'oldest', limit: 10 });
    const [first, second, far] = snapshots.map(({ job }) => job.id);
    await fixture.engine.remove(TENANT, first ?? '');
    await fixture.engine.cancel(TENANT, far ?? '');
    const view = await ended(fixture, batch);
    assert.deepEqual(
      (await textOf(fixture, view.errors)).map(({ why, state }) => why ?? state),
      ['removed', 'failed', 'cancelled'],
    );
    await fixture.engine.retry(TENANT, second ?? '');
    await fixture.advance(10_000);
    assert.deepEqual(await now(fixture, batch), view);
  });

  it('is listed newest first for its tenant and dialect, and goes with its files when they are old', async () => {
    await using fixture = await openEngine({ limits: { fileRetainMs: 3_600_000 } });
    const made: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      made.unshift((await begun(fixture, lines(1).join('\n'))).id);
      await fixture.advance(1_000);
    }
    const list = async (over = {}) => {
      const request = { tenant: TENANT, dialect: 'lines', limit: 2, ...over };
      return (await fixture.engine.fileBatches.list(request)).map(({ id }) => id);
    };
    assert.deepEqual([await list(), await list({ after: made[1] })], [made.slice(0, 2), made.slice(2)]);
    assert.deepEqual([await list({ dialect: 'other' }), await list({ tenant: 'globex' })], [[], []]);
    await fixture.advance(3_700_000);
    assert.deepEqual(await list(), []);
    for (const owner of [fileOwner(TENANT), batchOwner(TENANT)])
      assert.deepEqual(await fixture.store.documentUsage(owner), { count: 0, bytes: 0 });
  });

  it('is one of so many of its tenant', async () => {
    await using fixture = await openEngine({ limits: { fileBatchesPerTenantMax: 1 } });
    await begun(fixture, lines(1).join('\n'));
    await rejects(begun(fixture, lines(1).join('\n')), 'TOO_MANY_FILE_BATCHES');
  });

  it('is left to others by a process that was not told its words', async () => {
    await using own = await openStore();
    const spy = spyOn(own.store, { isShared: true });
    await using deaf = await openEngine({ spy, workerName: 'deaf' });
    await using fixture = await openEngine({
      spy: spyOn(own.store, { isShared: true }),
      workerName: 'worker',
      clock: deaf.clock,
    });
    const view = await ended(fixture, await begun(fixture, lines(5).join('\n')));
    assert.equal(view.state, 'completed');
  });

  it('goes on where its archive is brought to, in the middle of its lines', async () => {
    await using old = await openEngine({ types: { far: 'remote' }, limits: { jobsWaitingMax: 600 } });
    const batch = await begun(old, lines(700, 'far').join('\n'));
    await old.advance(1_000);
    assert.equal((await now(old, batch)).place.line, 500);
    await using own = await openStore();
    for await (const records of old.store.dump()) await own.store.restore(records);
    const run = async () => json(1);
    const far: Partial<JobType> = { slots: 50, handler: { kind: 'function', run } };
    await using fixture = await openEngine({ spy: spyOn(own.store), clock: old.clock, types: { far } });
    fixture.engine.fileBatches.speak('lines', WORDS);
    const view = await ended(fixture, batch);
    assert.deepEqual([view.state, view.counts], ['completed', { total: 700, completed: 700, failed: 0 }]);
    assert.deepEqual(keysOf(await textOf(fixture, view.output)), keys(700));
    assert.equal(await jobs(fixture), 700);
  });

  for (const when of ['before', 'after'] as const) {
    it(`has each line once, whichever call to the store fails, ${when} it was done`, async () => {
      for (let number = 1, isReached = true; isReached && number < 120; number += 1) {
        const run = async () => json(1);
        await using fixture = await openEngine({ types: { task: { slots: 9, handler: { kind: 'function', run } } } });
        const batch = await begun(fixture, lines(9).join('\n'));
        const wasReached = fixture.spy.failCall(number, when);
        await fixture.advance(1_000).catch(() => {});
        const isOver = async () => (await now(fixture, batch).catch(() => null))?.phase === 'over';
        for (let second = 0; second < 300 && !(await isOver()); second += 5) await fixture.advance(5_000);
        isReached = wasReached();
        fixture.spy.failCall(Number.POSITIVE_INFINITY, when);
        const view = await now(fixture, batch);
        assert.deepEqual([view.state, view.counts.completed], ['completed', 9], `call ${number}`);
        assert.deepEqual(keysOf(await textOf(fixture, view.output)), keys(9), `call ${number}`);
        const { snapshots } = await fixture.engine.list({ tenant: TENANT, limit: 100 });
        assert.equal(snapshots.filter(({ job }) => isFinal(job.state)).length, 9, `call ${number}`);
      }
    });
  }
});
