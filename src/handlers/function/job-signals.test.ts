import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import { createFakeClock } from '../../engine/fake-clock.ts';
import { sampleAttempt } from '../sample-attempt.ts';
import { inlineHandler } from './inline.ts';
import type { FunctionHandler } from './job-context.ts';

const AT = 1_000;

function runWith(run: FunctionHandler, marks: Parameters<typeof sampleAttempt>[1] = {}) {
  const handler = inlineHandler(run, { limits: DEFAULT_LIMITS, clock: createFakeClock() });
  return handler.run(sampleAttempt(null, { startedAt: AT, ...marks }));
}

const both: FunctionHandler = async (_input, { waitForSignal }) => [
  await waitForSignal('a', { timeoutMs: 5 }),
  await waitForSignal('b'),
];

test('waitForSignal parks until the signal is there, one after another, and gives what came', async () => {
  assert.deepEqual(await runWith(both), { kind: 'parked', signal: 'a', timeoutMs: 5 });
  const signals = { a: { value: 1, at: 1 } };
  const week = DEFAULT_LIMITS.signalTimeoutMs;
  assert.deepEqual(await runWith(both, { marks: { signals } }), { kind: 'parked', signal: 'b', timeoutMs: week });
  const done = await runWith(both, { marks: { signals: { ...signals, b: { value: null, at: 2 } } } });
  assert.ok(done.kind === 'succeeded');
  assert.equal(Buffer.from(done.result?.bytes ?? []).toString(), '[1,null]');
});

test('waitForSignal parks whatever the function does with what it throws, also without an await', async () => {
  const parked = { kind: 'parked', signal: 'a', timeoutMs: 5 };
  const caught: FunctionHandler = async (_input, { waitForSignal }) => {
    await waitForSignal('a', { timeoutMs: 5 }).catch(() => {});
    return 'went on';
  };
  const forgotten: FunctionHandler = (_input, { waitForSignal }) => void waitForSignal('a', { timeoutMs: 5 });
  assert.deepEqual([await runWith(caught), await runWith(forgotten)], [parked, parked]);
});

test('waitForSignal says that its time is over, for good unless it is caught, and says so again in every later attempt', async () => {
  for (const marks of [{ signal: { name: 'a', until: AT } }, { overdue: ['a'], signals: { a: { value: 1, at: 1 } } }]) {
    const outcome = await runWith(both, { marks });
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual([outcome.failure.code, outcome.isRetryable], ['SIGNAL_TIMEOUT', false]);
    const caught: FunctionHandler = (_input, context) =>
      context.waitForSignal('a').catch(({ code }: { code: string }) => code);
    const went = await runWith(caught, { marks });
    assert.equal(went.kind, 'succeeded');
  }
});

test('waitForSignal refuses names and times that cannot be', async () => {
  for (const [name, timeoutMs] of [
    ['', 1],
    ['a b', 1],
    ['a', 0],
    ['a', 1.5],
    ['a', 1e15],
  ] as const) {
    const outcome = await runWith((_input, { waitForSignal }) => waitForSignal(name, { timeoutMs }));
    assert.ok(outcome.kind === 'failed' && !outcome.isRetryable, `${name} ${timeoutMs}`);
    assert.match(outcome.failure.message, /waitForSignal takes/);
  }
});
