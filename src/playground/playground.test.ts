import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { Json } from '../core/job.ts';
import type { AttemptOutcome } from '../engine/api.ts';
import { systemClock } from '../engine/clock.ts';
import { resultOf, type SampleAttempt, sampleAttempt } from '../handlers/sample-attempt.ts';
import { playgroundSource } from '../playground.ts';

let config: LoadedConfig;
before(async () => {
  config = await loadConfig({
    cwd: import.meta.dirname,
    clock: systemClock,
    functions: 'threads',
    others: [playgroundSource()],
  });
});
after(async () => {
  for (const { handler } of config.jobTypes) if (handler !== 'remote') await handler.close?.();
});

function typeOf(name: string) {
  const type = config.jobTypes.find((each) => each.name === name);
  assert.ok(type !== undefined && type.handler !== 'remote');
  return { ...type, handler: type.handler };
}

/** Checks the input like a submit does, then runs the job. */
async function run(
  name: string,
  input: Json,
  attempt = 1,
): Promise<{ outcome: AttemptOutcome; sample: SampleAttempt }> {
  const type = typeOf(name);
  const check = await type.checkInput(input);
  assert.ok(check.kind === 'valid', JSON.stringify(check));
  const sample = sampleAttempt(check.input, { type: name, attempt });
  return { outcome: await type.handler.run(sample), sample };
}

async function issuesOf(name: string, input: Json): Promise<string[]> {
  const check = await typeOf(name).checkInput(input);
  return check.kind === 'invalid' ? check.issues.map(({ path }) => path) : [];
}

describe('the playground', () => {
  it('has echo, sleep, sql, and the certificates that a dialect starts with', () => {
    assert.deepEqual(
      config.jobTypes.map(({ name }) => name),
      ['echo', 'sleep', 'sql', 'certificates'],
    );
  });

  it('echoes whatever it is given', async () => {
    for (const input of [null, 1, 'ä', [1, { a: null }]])
      assert.deepEqual(resultOf((await run('echo', input)).outcome), input);
  });

  it('sleeps in steps, with progress', async () => {
    const { outcome, sample } = await run('sleep', { ms: 20, steps: 4, result: { rested: true } });
    assert.deepEqual(resultOf(outcome), { rested: true });
    assert.deepEqual(
      sample.reports.map(({ percent }) => percent),
      [25, 50, 75, 100],
    );
    assert.equal(sample.reports.at(-1)?.message, 'step 4 of 4');
  });

  it('gives its time back when no result is named, and a null that is', async () => {
    assert.deepEqual(resultOf((await run('sleep', {})).outcome), { sleptMs: 0 });
    assert.deepEqual(resultOf((await run('sleep', { result: null })).outcome), null);
  });

  it('fails always, or the first attempts only', async () => {
    const always = (await run('sleep', { fail: 'as asked' }, 99)).outcome;
    assert.equal(always.kind === 'failed' && always.failure.message, 'as asked');
    assert.equal(always.kind === 'failed' && always.isRetryable, true);
    assert.equal((await run('sleep', { failTimes: 2 }, 2)).outcome.kind, 'failed');
    assert.equal((await run('sleep', { failTimes: 2 }, 3)).outcome.kind, 'succeeded');
    assert.equal((await run('sleep', { fail: 'x', failTimes: 0 }, 1)).outcome.kind, 'succeeded');
  });

  it('gives bytes back', async () => {
    const { outcome } = await run('sleep', { bytes: 1_000 });
    assert.ok(outcome.kind === 'succeeded' && outcome.result !== null);
    assert.equal(outcome.result.contentType, 'application/octet-stream');
    assert.equal(Buffer.from(outcome.result.bytes).toString(), 'z'.repeat(1_000));
  });

  it('stops sleeping when its signal fires', async () => {
    const sample = sampleAttempt({ ms: 3_600_000, steps: 1_000 }, { type: 'sleep' });
    const running = typeOf('sleep').handler.run(sample);
    await (await run('echo', 1)).outcome;
    sample.abort('cancel');
    assert.deepEqual(await running, { kind: 'aborted' });
  });

  for (const [input, paths] of [
    [null, ['']],
    [{ ms: -1 }, ['/ms']],
    [{ ms: '5' }, ['/ms']],
    [{ steps: 0 }, ['/steps']],
    [{ fail: '' }, ['/fail']],
    [{ bytes: 1e9 }, ['/bytes']],
  ] as const) {
    it(`refuses to sleep with ${JSON.stringify(input)}`, async () =>
      assert.deepEqual(await issuesOf('sleep', input), paths));
  }

  it('refuses options of sleep that there are none of', async () => {
    assert.deepEqual(await issuesOf('sleep', { sleepMs: 5 }), ['/sleepMs']);
  });

  it('queries the sample data', async () => {
    const weather = (await run('sql', { query: "SELECT count(*) FROM weather WHERE weather = 'snow'" })).outcome;
    assert.deepEqual(resultOf(weather), { columns: ['count_star()'], rows: [[26]], row_count: 1 });
    const flights = (await run('sql', { query: 'SELECT count(*) FROM flights' })).outcome;
    assert.deepEqual(resultOf(flights), { columns: ['count_star()'], rows: [[3_000_000]], row_count: 1 });
  });

  it('refuses SQL jobs without a query', async () => {
    assert.deepEqual(await issuesOf('sql', { q: 'SELECT 1' }), ['/q', '/query']);
  });
});

describe('examples/bide.config.ts', () => {
  it('loads, and its function runs in a thread', async () => {
    const example = await loadConfig({
      file: '../../examples/bide.config.ts',
      cwd: import.meta.dirname,
      clock: systemClock,
      functions: 'threads',
    });
    const [greet] = example.jobTypes;
    assert.ok(greet !== undefined && greet.handler !== 'remote');
    const check = await greet.checkInput({ name: 'Ada' });
    assert.deepEqual(check, { kind: 'valid', input: { name: 'Ada', times: 1 } });
    const outcome = await greet.handler.run(sampleAttempt({ name: 'Ada', times: 2 }, { type: 'greet' }));
    assert.deepEqual(resultOf(outcome), { greeting: 'Hello, Ada! Hello, Ada!' });
    const refused = await greet.handler.run(sampleAttempt({ name: 'nobody', times: 1 }, { type: 'greet' }));
    assert.deepEqual(
      [refused.kind === 'failed' && refused.isRetryable, refused.kind === 'failed' && refused.failure.message],
      [false, 'There is nobody to greet.'],
    );
    for (const { handler } of example.jobTypes) if (handler !== 'remote') await handler.close?.();
  });
});
