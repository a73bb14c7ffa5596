import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BideError } from '../core/errors.ts';
import type { TelemetryEvent } from '../engine/telemetry.ts';
import { createLogger, type LogLevel } from '../http/log.ts';
import { logTelemetry } from './log-telemetry.ts';

/** The lines that these events leave. */
function linesOf(level: LogLevel, events: readonly TelemetryEvent[]): Record<string, unknown>[] {
  const lines: string[] = [];
  const log = logTelemetry(createLogger(level, { write: (text) => void lines.push(text) }));
  for (const event of events) log(event);
  return lines.map((line) => JSON.parse(line));
}

const facts = { id: 'j1', type: 'report', attempt: 3 };
const finished = { runMs: 5, totalMs: 9, code: 'HANDLER_FAILED', message: 'no such page', traceId: null };

test('a failed job leaves one warning with job, type, attempt, error and stack', () => {
  const lines = linesOf('warn', [
    { kind: 'attemptFailed', ...facts, stack: 'Error: no such page\n    at report.ts:3' },
    { kind: 'jobFinished', ...facts, ...finished, state: 'failed' },
    { kind: 'jobFinished', ...facts, ...finished, state: 'expired' },
    { kind: 'jobFinished', ...facts, ...finished, state: 'cancelled', code: null, message: null },
    { kind: 'jobFinished', ...facts, ...finished, state: 'succeeded', code: null, message: null },
  ]);
  assert.equal(lines.length, 2);
  const { level, id, type, attempt, code, message, stack, msg } = lines[0] ?? {};
  assert.deepEqual([level, id, type, attempt], ['warn', 'j1', 'report', 3]);
  assert.deepEqual(
    [code, message, msg],
    ['HANDLER_FAILED', 'no such page', 'job failed: HANDLER_FAILED: no such page'],
  );
  assert.match(String(stack), /at report\.ts:3/);
  assert.equal(lines[1]?.stack, undefined, 'a stack is told once');
});

test('every line about an attempt says which one', () => {
  const lines = linesOf('info', [
    { kind: 'jobLogged', level: 'info', ...facts, line: 'page 3' },
    { kind: 'jobRetried', ...facts, code: 'HANDLER_FAILED', message: 'x', delayMs: 5 },
    { kind: 'attemptLost', ...facts, fence: 3 },
    { kind: 'attemptAbandoned', ...facts, reason: 'timeout' },
    { kind: 'outcomeDropped', ...facts, error: new Error('x') },
  ]);
  assert.deepEqual(
    lines.map(({ attempt }) => attempt),
    [3, 3, 3, 3, 3],
  );
});

test('an outage leaves a line when it begins and one when it is over, however many loops meet it', () => {
  const error = new BideError('STORE_UNAVAILABLE');
  const failed = (loop: string): TelemetryEvent => ({ kind: 'loopFailed', loop, error, suppressed: 0 });
  const recovered = (loop: string): TelemetryEvent => ({ kind: 'loopRecovered', loop, failures: 2 });
  const outage = [failed('a'), failed('b'), failed('a'), recovered('b'), recovered('a')];
  const lines = linesOf('warn', [...outage, ...outage]);
  const once = ['database cannot be reached; jobs wait until it is back', 'database is back'];
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    [...once, ...once],
  );
});

test('a failed attempt is a warning, and of many of one type some are told, with the number of the others', () => {
  const lines: Record<string, unknown>[] = [];
  let now = 0;
  const logger = createLogger('warn', { write: (text) => void lines.push(JSON.parse(text)) });
  const log = logTelemetry(logger, () => now);
  const fail = (type: string) =>
    log({ kind: 'jobRetried', ...facts, type, code: 'HANDLER_FAILED', message: 'no', delayMs: 5 });
  for (let count = 0; count < 15; count += 1) fail('report');
  fail('mail');
  now = 10_000;
  fail('report');
  fail('report');
  assert.deepEqual(
    lines.map(({ type }) => type),
    [...Array<string>(10).fill('report'), 'mail', 'report', 'report'],
  );
  const { level, id, attempt, code, msg } = lines[0] ?? {};
  assert.deepEqual([level, id, attempt, code], ['warn', 'j1', 3, 'HANDLER_FAILED']);
  assert.equal(msg, 'attempt failed, tried again later: HANDLER_FAILED: no');
  assert.deepEqual([lines[11]?.leftOut, lines[12]?.leftOut], [5, undefined]);
  assert.match(String(lines[11]?.msg), /\(and 5 more of this type, left out\)$/);
});
