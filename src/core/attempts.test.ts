import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptsOf } from './attempts.ts';
import { type Command, decide } from './decide.ts';
import { type Job, patched } from './job.ts';
import { SAMPLE_NOW as NOW, sampleJob } from './sample-job.ts';

/** The job after these commands, a second apart. */
function after(...commands: readonly Command[]): Job {
  return commands.reduce(
    (job, command, at) => {
      const now = Math.max(job.runAt, NOW + at * 1_000);
      const decision = decide(job, command, now);
      assert.ok(decision.kind === 'accepted', `${command.kind} is refused`);
      return patched(job, decision.patch);
    },
    sampleJob({ retry: { attempts: 3, backoffMs: 0, factor: 1, maxMs: 0 } }),
  );
}

const claim = (worker: string): Command => ({ kind: 'claim', worker, leaseMs: 1_000 });
const fail = (fence: number, isRetryable = true): Command => {
  const failure = { code: 'NO', message: `no ${fence}`, details: { much: true } };
  return { kind: 'fail', fence, failure, isRetryable, random: 0 };
};
const succeed = (fence: number): Command => ({ kind: 'succeed', fence, result: null });
const told = (job: Job) =>
  attemptsOf(job).map(({ number, fence, worker, outcome, error }) => [number, fence, worker, outcome, error?.message]);

test('attemptsOf is empty before the first attempt, and after one that was given back', () => {
  assert.deepEqual(attemptsOf(after()), []);
  assert.deepEqual(attemptsOf(after({ kind: 'cancel' })), []);
  assert.deepEqual(attemptsOf(after(claim('a'), { kind: 'release', fence: 1 })), []);
});

test('attemptsOf knows the attempt of a job that succeeds at once out of nothing but the job', () => {
  const job = after(claim('a'), succeed(1));
  assert.deepEqual(job.attempts, []);
  assert.deepEqual(attemptsOf(job), [
    { number: 1, fence: 1, worker: 'a', startedAt: NOW, endedAt: NOW + 1_000, outcome: 'succeeded', error: null },
  ]);
});

test('attemptsOf keeps the failed attempts of a job that succeeded after all', () => {
  assert.deepEqual(told(after(claim('a'), fail(1), claim('b'), fail(2), claim('c'), succeed(3))), [
    [1, 1, 'a', 'failed', 'no 1'],
    [2, 2, 'b', 'failed', 'no 2'],
    [3, 3, 'c', 'succeeded', undefined],
  ]);
});

test('attemptsOf tells a running attempt from the error of the one before', () => {
  const [, latest] = attemptsOf(after(claim('a'), fail(1), claim('b')));
  assert.deepEqual([latest?.outcome, latest?.endedAt, latest?.error], ['running', null, null]);
});

test('attemptsOf says a failure once, whether the job waits, ended while it waited, or was given back since', () => {
  const failed = [1, 1, 'a', 'failed', 'no 1'];
  assert.deepEqual(told(after(claim('a'), fail(1))), [failed]);
  assert.deepEqual(told(after(claim('a'), fail(1), { kind: 'cancel' })), [failed]);
  assert.deepEqual(told(after(claim('a'), fail(1), claim('b'), { kind: 'release', fence: 2 })), [failed]);
});

test('attemptsOf goes on when the job is run again by hand', () => {
  const job = after(
    claim('a'),
    fail(1, false),
    { kind: 'retry' },
    claim('b'),
    { kind: 'cancel' },
    { kind: 'stop', fence: 2 },
  );
  assert.deepEqual(told(job), [
    [1, 1, 'a', 'failed', 'no 1'],
    [1, 2, 'b', 'cancelled', undefined],
  ]);
  assert.deepEqual(told(after(claim('a'), succeed(1))).length, 1);
});
