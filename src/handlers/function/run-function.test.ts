import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import { RetryLater } from '../../core/retry-later.ts';
import { systemClock } from '../../engine/clock.ts';
import { resultOf, sampleAttempt } from '../sample-attempt.ts';
import { inlineHandler } from './inline.ts';
import type { FunctionHandler, JobContext } from './job-context.ts';
import { PermanentError } from './permanent-error.ts';

const OUTPUT_LIMITS = { outputBytesPerJobMax: 200, outputChunkBytesMax: 100 };
const LIMITS = { ...DEFAULT_LIMITS, ...OUTPUT_LIMITS, resultBytesMax: 1_000, errorMessageLengthMax: 100 };

function start(run: FunctionHandler, input: Parameters<typeof sampleAttempt>[0] = null) {
  const attempt = sampleAttempt(input, { type: 'fn', timeoutMs: 1_000, deadlineAt: 4_000_000_000_000 });
  return { attempt, ended: inlineHandler(run, { limits: LIMITS, clock: systemClock }).run(attempt) };
}

async function failureOf(run: FunctionHandler) {
  const outcome = await start(run).ended;
  assert.equal(outcome.kind, 'failed');
  return { ...outcome.failure, isRetryable: outcome.isRetryable };
}

describe('inlineHandler', () => {
  for (const [name, value, json] of [
    ['an object', { a: [1, 'ä'] }, '{"a":[1,"ä"]}'],
    ['a text', 'text', '"text"'],
    ['undefined', undefined, 'null'],
    ['null', null, 'null'],
    ['false', false, 'false'],
    ['NaN inside', [Number.NaN], '[null]'],
    ['a date inside', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ] as const) {
    it(`stores ${name} as JSON`, async () => {
      const outcome = await start(() => value).ended;
      assert.ok(outcome.kind === 'succeeded' && outcome.result !== null);
      assert.equal(outcome.result.contentType, 'application/json');
      assert.equal(Buffer.from(outcome.result.bytes).toString(), json);
    });
  }

  for (const [name, value, contentType] of [
    ['a Uint8Array', new Uint8Array([65, 66]), 'application/octet-stream'],
    ['bytes without a type', { bytes: Buffer.from('AB') }, 'application/octet-stream'],
    [
      'bytes with a type',
      { bytes: Buffer.from('AB'), contentType: 'text/plain; charset=utf-8' },
      'text/plain; charset=utf-8',
    ],
  ] as const) {
    it(`stores ${name} as they are`, async () => {
      const outcome = await start(async () => value).ended;
      assert.ok(outcome.kind === 'succeeded' && outcome.result !== null);
      assert.deepEqual(
        { ...outcome.result, bytes: Buffer.from(outcome.result.bytes).toString() },
        { contentType, bytes: 'AB' },
      );
    });
  }

  it('takes an object with a text called bytes for JSON', async () => {
    assert.deepEqual(resultOf(await start(() => ({ bytes: 'AB', contentType: 'x' })).ended), {
      bytes: 'AB',
      contentType: 'x',
    });
  });

  for (const [name, value, part] of [
    ['a function', () => 1, 'a function.'],
    ['a bigint', 1n, 'a bigint.'],
    ['a throwing toJSON', { toJSON: () => assert.fail('no') }, 'something that JSON cannot carry'],
    [
      'a content type with a line break',
      { bytes: Buffer.from('x'), contentType: 'a/b\r\nx: y' },
      'contentType is not a media type',
    ],
    [
      'bytes that are not the JSON that they are called',
      { bytes: Buffer.from('{'), contentType: 'application/json' },
      'is not one JSON value',
    ],
    ['a value nested deeper than the limit', JSON.parse('['.repeat(201) + ']'.repeat(201)), 'nested deeper than 200'],
  ] as const) {
    it(`fails for good when ${name} is returned`, async () => {
      const failure = await failureOf(() => value);
      assert.equal(failure.code, 'RESULT_NOT_JSON');
      assert.ok(failure.message.includes(part), failure.message);
      assert.equal(failure.isRetryable, false);
    });
  }

  it('fails for good when the result is larger than the limit', async () => {
    const failure = await failureOf(() => 'x'.repeat(999));
    assert.equal(failure.code, 'RESULT_TOO_LARGE');
    assert.equal(failure.message, 'The result has 1001 bytes; the limit is 1000 bytes (resultBytesMax).');
    assert.equal(failure.isRetryable, false);
  });

  it('fails for now with what was thrown, and its stack for the log', async () => {
    const { ended } = start(() => {
      throw new TypeError('broken');
    });
    const outcome = await ended;
    assert.ok(outcome.kind === 'failed');
    const { stack, ...told } = outcome;
    const failure = { code: 'HANDLER_FAILED', message: 'broken', details: { name: 'TypeError' } };
    assert.deepEqual(told, { kind: 'failed', failure, isRetryable: true });
    assert.match(stack ?? '', /TypeError: broken\n\s+at .*run-function\.test/);
  });

  it('fails for good with a PermanentError, its code and details', async () => {
    const failure = await failureOf(() => {
      throw new PermanentError('no use', { code: 'GONE', details: { id: 4 } });
    });
    assert.deepEqual(failure, { code: 'GONE', message: 'no use', details: { id: 4 }, isRetryable: false });
  });

  it('is later with a RetryLater, for whole milliseconds that are no more than a delay may be', async () => {
    const thrown = (ms: number) => start(() => Promise.reject(new RetryLater(ms))).ended;
    assert.deepEqual(await thrown(20.5), { kind: 'later', waitMs: 21 });
    assert.deepEqual(await thrown(0), { kind: 'later', waitMs: 1 });
    assert.deepEqual(await thrown(1e300), { kind: 'later', waitMs: LIMITS.delayMsMax });
    assert.match(
      (await failureOf(() => Promise.reject(new RetryLater(Number.NaN)))).message,
      /milliseconds .* not NaN/,
    );
  });

  it('takes no code from a PermanentError that is not a word', async () => {
    const failure = await failureOf(() => {
      throw new PermanentError('no use', { code: 'two words' });
    });
    assert.equal(failure.code, 'HANDLER_FAILED');
  });

  for (const [thrown, message] of [
    ['text', 'The handler threw "text", which is not an Error.'],
    [undefined, 'The handler threw undefined, which is not an Error.'],
    [null, 'The handler threw null, which is not an Error.'],
    [{ a: 1 }, 'The handler threw {"a":1}, which is not an Error.'],
    [new Proxy({}, { get: () => assert.fail('hands off') }), 'The handler threw an object, which is not an Error.'],
    [new Error(''), 'Error without a message'],
    [new Error('x'.repeat(500)), 'x'.repeat(100)],
  ] as const) {
    it(`says in words that ${message.slice(0, 60)}`, async () => {
      const failure = await failureOf(() => {
        throw thrown;
      });
      assert.equal(failure.message, message);
      assert.equal(failure.isRetryable, true);
    });
  }

  it('gives the function what it may know of its job', async () => {
    let seen: JobContext | undefined;
    const before = Date.now();
    const { attempt, ended } = start((_input, context) => {
      seen = context;
      context.progress(30, 'third');
      context.progress(60);
      context.progress(70, null);
      context.log('line');
      context.log.warn('page', { page: 3 });
      context.log.error('bad', { cycle: context, big: 1n });
    });
    await ended;
    assert.equal(seen?.id, attempt.job.id);
    assert.equal(seen?.type, 'fn');
    assert.ok(seen?.deadline !== null && seen !== undefined && seen.deadline.getTime() - before >= 1_000);
    assert.ok(seen.deadline.getTime() < before + 60_000);
    assert.deepEqual(attempt.reports, [
      { percent: 30, message: 'third' },
      { percent: 60, message: undefined },
      { percent: 70, message: null },
    ]);
    assert.deepEqual(attempt.lines, [
      { line: 'line', level: 'info', fields: null },
      { line: 'page', level: 'warn', fields: '{"page":3}' },
      { line: 'bad', level: 'error', fields: '{"dropped":"The fields were no JSON object."}' },
    ]);
  });

  it('emits what it is told, and what an async generator yields, whose return is the result', async () => {
    const { attempt, ended } = start(async function* (_input, { emit }) {
      emit({ first: true });
      yield 'a';
      await Promise.resolve();
      yield [1, { at: new Date(0) }];
      yield undefined;
      return 'all';
    });
    assert.equal(resultOf(await ended), 'all');
    assert.deepEqual(attempt.chunks, [{ first: true }, 'a', [1, { at: '1970-01-01T00:00:00.000Z' }], null]);
  });

  it('fails for good where more is emitted than fits, and keeps what was emitted before', async () => {
    for (const [size, limit] of [
      [101, 'outputChunkBytesMax'],
      [70, 'outputBytesPerJobMax'],
    ] as const) {
      const { attempt, ended } = start(async function* () {
        yield 'x'.repeat(68);
        yield 'x'.repeat(size - 2);
        return 'never';
      });
      const outcome = await ended;
      assert.ok(outcome.kind === 'failed' && !outcome.isRetryable);
      assert.equal(outcome.failure.code, 'OUTPUT_TOO_LARGE');
      assert.match(
        outcome.failure.message,
        new RegExp(`has ${size === 70 ? 204 : size} bytes; the limit is \\d+ \\(${limit}\\)`),
      );
      assert.deepEqual(outcome.failure.details, { limit, value: OUTPUT_LIMITS[limit] });
      assert.equal(attempt.chunks.length, 1);
    }
  });

  it('throws at the call or yield that emits too much, and goes on where that is caught', async () => {
    const { attempt, ended } = start(async function* (_input, { emit }) {
      assert.throws(() => emit('x'.repeat(200)), { code: 'OUTPUT_TOO_LARGE' });
      try {
        yield 'x'.repeat(200);
      } catch {
        yield 'less';
      }
      return 'done';
    });
    assert.equal(resultOf(await ended), 'done');
    assert.deepEqual(attempt.chunks, ['less']);
  });

  it('refuses to emit what JSON cannot carry, with its place', async () => {
    const failure = await failureOf((_input, { emit }) => emit({ a: [1n] }));
    assert.deepEqual([failure.code, failure.isRetryable], ['RESULT_NOT_JSON', false]);
    assert.match(failure.message, /emitted a bigint at \/a\/0/);
    assert.match((await failureOf((_input, { emit }) => emit(new Uint8Array(1)))).message, /emitted an? Uint8Array/);
  });

  it('ends a generator between two chunks when its signal has fired, and its finally runs', async () => {
    let isCleaned = false;
    const { attempt, ended } = start(async function* () {
      try {
        for (;;) {
          yield 1;
          await new Promise(setImmediate);
          if (attempt.chunks.length === 2) attempt.abort('cancel');
        }
      } finally {
        isCleaned = true;
      }
    });
    assert.deepEqual(await ended, { kind: 'aborted' });
    assert.deepEqual([attempt.chunks, isCleaned], [[1, 1], true]);
  });

  it('fires the signal with an error and takes what is thrown then for the end', async () => {
    const { attempt, ended } = start((_input, { signal, progress }) => {
      progress(1);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await attempt.reported();
    attempt.abort('timeout');
    assert.deepEqual(await ended, { kind: 'aborted' });
  });

  it('counts what is returned in spite of the signal', async () => {
    const { attempt, ended } = start(async (_input, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { name: signal.reason.name };
    });
    attempt.abort('cancel');
    assert.deepEqual(resultOf(await ended), { name: 'AbortError' });
  });

  it('does not call the function of a job whose signal has fired', async () => {
    const attempt = sampleAttempt();
    attempt.abort('cancel');
    const handler = inlineHandler(() => assert.fail('called'), { limits: LIMITS, clock: systemClock });
    assert.deepEqual(await handler.run(attempt), { kind: 'aborted' });
  });
});
