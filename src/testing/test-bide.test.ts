import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { command, defineConfig, PermanentError, remote } from '../index.ts';
import { createTestBide } from './index.ts';

const MINUTE = 60_000;
let failures = 0;

const config = defineConfig({
  types: {
    greet: {
      input: z.object({ name: z.string() }),
      run: ({ name }, context) => {
        context.log(`greeting ${name}`);
        return { hello: name };
      },
    },
    flaky: () => {
      failures += 1;
      if (failures < 3) throw new Error(`not yet (${failures})`);
      return failures;
    },
    broken: () => {
      throw new PermanentError('no such customer', { code: 'NO_CUSTOMER' });
    },
    patient: { timeoutMs: MINUTE, retry: { attempts: 1 }, run: (_: unknown, { signal }) => aborted(signal) },
    approve: async (_: unknown, { waitForSignal }) => waitForSignal('approval', { timeoutMs: 3_600_000 }),
    program: command({ program: process.execPath, args: ['-e', 'console.log(JSON.stringify({ from: "a program" }))'] }),
    resize: remote({ input: z.object({ width: z.number() }) }),
  },
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

describe('createTestBide', () => {
  test('nothing runs before runNow, which runs all that is due and what follows from it', async () => {
    await using bide = await createTestBide(config);
    const { id } = await bide.submit('greet', { name: 'Ada' });
    const after = await bide.submit('greet', { name: 'Bob' }, { after: [id] });
    await bide.expectJob(id).toBeWaiting({ state: 'queued', attempt: 0, inMs: 0 });
    assert.equal(await bide.runNow(), 2);
    await bide.expectJob(id).toHaveSucceeded({ hello: 'Ada' });
    await bide.expectJob(id).toHaveLogged('greeting Ada');
    await bide.expectJob(after).toHaveSucceeded();
    assert.equal(await bide.runNow(), 0);
    assert.deepEqual(
      (await bide.jobs('greet')).map((job) => job.id),
      [id, after.id],
    );
    assert.deepEqual(await bide.input(id), { name: 'Ada' });
  });

  test('an input that does not fit is refused as in production', async () => {
    await using bide = await createTestBide(config);
    await assert.rejects(bide.submit('greet', { name: 5 } as never), { code: 'INPUT_INVALID' });
    await assert.rejects(bide.submit('nothing' as never, null as never), { code: 'TYPE_UNKNOWN' });
    await assert.rejects(createTestBide(config, { begin: 1 } as never), /begin/);
  });

  test('time passes when it is told to: retries come by their backoff, delayed jobs at their time', async () => {
    await using bide = await createTestBide(config, { startAt: '2030-01-01T00:00:00Z' });
    failures = 0;
    const { id } = await bide.submit('flaky', null);
    const later = await bide.submit('greet', { name: 'Ada' }, { delayMs: 5 * MINUTE });
    await bide.runNow();
    await bide.expectJob(id).toBeWaiting({ state: 'retrying', attempt: 1, inMs: 1_000 });
    await bide.clock.advance(999);
    await bide.expectJob(id).toBeWaiting({ attempt: 1, inMs: 1 });
    await bide.clock.advance(1);
    await bide.expectJob(id).toBeWaiting({ attempt: 2, inMs: 2_000 });
    await bide.expectJob(later).toBeWaiting({ state: 'scheduled' });
    await bide.clock.advanceTo('2030-01-01T00:05:00Z');
    await bide.expectJob(id).toHaveSucceeded(3);
    const job = await bide.expectJob(later).toHaveSucceeded();
    assert.equal(job.startedAt, '2030-01-01T00:05:00.000Z');
    await assert.rejects(async () => bide.clock.advance(-1), RangeError);
  });

  test('a timeout, a deadline, a signal that never comes and the end of retention fall due exactly', async () => {
    await using bide = await createTestBide(config);
    const patient = await bide.submit('patient', null);
    const late = await bide.submit('resize', { width: 1 }, { deadlineMs: MINUTE });
    const approval = await bide.submit('approve', null, { retainMs: MINUTE });
    await bide.clock.advance(MINUTE - 1);
    await bide.expectJob(patient).toBeRunning();
    await bide.expectJob(approval).toBeWaiting({ signal: 'approval' });
    await bide.clock.advance(1);
    await bide.expectJob(patient).toHaveExpired('ATTEMPT_TIMED_OUT');
    await bide.expectJob(late).toHaveExpired();
    await bide.signal(approval.id, 'approval', { by: 'Eve' });
    await bide.runNow();
    await bide.expectJob(approval).toHaveSucceeded({ by: 'Eve' });
    await bide.clock.advance(MINUTE);
    await assert.rejects(bide.get(approval.id), { code: 'JOB_GONE' });
  });

  test('schedules tick, and debounced jobs come when it is quiet', async () => {
    const scheduled = defineConfig({
      types: { report: () => 'done' },
      schedules: { nightly: { cron: '0 3 * * *', job: { type: 'report' } } },
    });
    await using bide = await createTestBide(scheduled, { startAt: '2030-06-01T12:00:00Z' });
    await bide.clock.advance(24 * 60 * MINUTE);
    const [nightly, ...others] = await bide.jobs('report');
    assert.deepEqual(
      [nightly?.schedule?.tick, nightly?.state, others.length],
      ['2030-06-02T03:00:00.000Z', 'succeeded', 0],
    );
    const quiet = { unique: { key: 'k', mode: 'debounce', forMs: 1_000 } } as const;
    const { id } = await bide.submit('report', null, quiet);
    await bide.clock.advance(600);
    await bide.submit('report', null, quiet);
    await bide.clock.advance(600);
    await bide.expectJob(id).toBeWaiting();
    await bide.clock.advance(400);
    await bide.expectJob(id).toHaveSucceeded('done');
  });

  test('remote types are answered by the test, with the real protocol: results, failures, retries', async () => {
    await using bide = await createTestBide(config);
    const { id } = await bide.submit('resize', { width: 100 });
    await bide.runNow();
    await bide.expectJob(id).toBeWaiting({ state: 'queued' });
    let tries = 0;
    bide.work('resize', async (job, context) => {
      tries += 1;
      context.log(`try ${tries}`);
      context.progress(50);
      if (tries === 1) throw new Error('the disk is full');
      return { width: (job.input as { width: number }).width * 2 };
    });
    await bide.runNow();
    await bide.expectJob(id).toBeWaiting({ state: 'retrying' });
    await bide.clock.advance(1_000);
    await bide.expectJob(id).toHaveSucceeded({ width: 200 });
    await bide.expectJob(id).toHaveLogged(/try 2/);
    assert.throws(() => bide.work('greet', () => null), /"greet" is no remote type; the config has resize/);
  });

  test('programs are run, and are waited for', async () => {
    await using bide = await createTestBide(config);
    const { id } = await bide.submit('program', null);
    await bide.runNow();
    await bide.expectJob(id).toHaveSucceeded();
  });

  test('code that takes a client is given one without a network, and code that waits has its job run', async () => {
    await using bide = await createTestBide(config);
    const { id } = await bide.client.submit({ type: 'greet', input: { name: 'Ada' } });
    assert.deepEqual((await bide.wait(id)).result, { hello: 'Ada' });
    await assert.rejects(bide.client.submit({ type: 'greet', input: {} as never }), { code: 'INPUT_INVALID' });
    assert.deepEqual(await bide.run('greet', { name: 'Eve' }), { hello: 'Eve' });
    assert.deepEqual(await bide.client.run('greet', { name: 'Joe' }, { tags: { a: 'b' } }), { hello: 'Joe' });
    const failed = { name: 'JobFailed', code: 'NO_CUSTOMER' };
    await assert.rejects(bide.client.run('broken'), failed);
    await assert.rejects(bide.run('broken'), failed);
    assert.deepEqual((await bide.client.result({ id, type: 'greet' })).json(), { hello: 'Ada' });
    assert.equal((await bide.client.waitMany([{ id, type: 'greet' }])).isSatisfied, true);
    await using running = await createTestBide(config, { autoRun: true });
    const job = await running.client.submit({ type: 'greet', input: { name: 'Bob' } }, { waitMs: 10_000 });
    assert.deepEqual(job.result, { hello: 'Bob' });
  });

  test('what is not as the test says is told with its reason', async () => {
    await using bide = await createTestBide(config, { runMsMax: 50, patienceMs: 1 });
    const greeted = await bide.submit('greet', { name: 'Ada' });
    const refused = (deed: Promise<unknown>, message: RegExp) =>
      assert.rejects(deed, { name: 'AssertionError', message });
    await refused(
      bide.expectJob(greeted).toHaveSucceeded(),
      /\(greet\) was expected to have succeeded, but it is queued.*await bide\.runNow/,
    );
    const broken = await bide.submit('broken', null);
    failures = 0;
    const flaky = await bide.submit('flaky', null);
    await bide.runNow();
    await refused(
      bide.expectJob(greeted).toHaveSucceeded({ hello: 'Eve' }),
      /another result: \{"hello":"Ada"\} instead of \{"hello":"Eve"\}/,
    );
    await refused(bide.expectJob(greeted).toHaveFailed(), /it is succeeded with \{"hello":"Ada"\}/);
    await refused(bide.expectJob(broken).toHaveSucceeded(), /it is failed: NO_CUSTOMER, no such customer/);
    await refused(bide.expectJob(broken).toHaveFailed('OTHER'), /NO_CUSTOMER \(no such customer\) instead of OTHER/);
    await bide.expectJob(broken).toHaveFailed('NO_CUSTOMER');
    await bide.expectJob(broken).toHaveFailed(/customer/);
    await refused(
      bide.expectJob(flaky).toHaveSucceeded(),
      /attempt 1 of 3 failed: HANDLER_FAILED, not yet \(1\)\. Its time is in 1000 ms: await bide\.clock\.advance\(1000\)/,
    );
    await refused(bide.expectJob(flaky).toBeWaiting({ attempt: 2 }), /waits with attempt 1 instead of 2/);
    await refused(bide.expectJob(flaky).toHaveLogged('x'), /it has logged nothing/);
    const patient = await bide.submit('patient', null);
    await assert.rejects(bide.runNow(), /of type patient still runs after 50 ms.*clock\.advance/);
    await refused(bide.expectJob(patient).toHaveSucceeded(), /it is running/);
    await assert.rejects(bide.expectJob('no-such-job').toHaveSucceeded(), { code: 'JOB_NOT_FOUND' });
  });

  test('nothing is left of it, a handler that never ends included', async () => {
    const before = new Set(readdirSync(tmpdir()));
    const bide = await createTestBide(config, { patienceMs: 1 });
    const own = readdirSync(tmpdir()).filter((name) => name.startsWith('bide-test-') && !before.has(name));
    await bide.submit('patient', null);
    await bide.clock.advance(1);
    await bide.close();
    await bide.close();
    assert.equal(own.length, 1);
    assert.ok(!existsSync(`${tmpdir()}/${own[0]}`));
  });
});
