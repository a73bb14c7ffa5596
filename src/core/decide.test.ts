/** The edges of `decide` that a table does not show: wording, rounding, bounds and histories. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTEMPT_HISTORY_MAX, type Command, decide, expectedStates } from './decide.ts';
import { type EndedAttempt, type Job, type JobPatch, patched } from './job.ts';
import { RETRY_AFTER_MS_MAX } from './retry.ts';
import { SAMPLE_NOW, sampleJob } from './sample-job.ts';
import { TRANSITIONS } from './transitions.ts';

const NOW = SAMPLE_NOW + 1_000;

function running(over: Partial<Job> = {}): Job {
  const held = { state: 'running', attempt: 1, fence: 1, worker: 'w1', startedAt: NOW, leaseUntil: NOW } as const;
  return sampleJob({ ...held, ...over });
}

function acceptedPatch(job: Job, command: Command, now = NOW): JobPatch {
  const decision = decide(job, command, now);
  assert.equal(decision.kind, 'accepted');
  return decision.kind === 'accepted' ? decision.patch : {};
}

function failed(over: { retryAfterMs?: number; random?: number; fence?: number } = {}): Command {
  const failure = { code: 'HANDLER_FAILED', message: 'boom', details: { line: 3 } };
  return { kind: 'fail', fence: 1, failure, isRetryable: true, random: 0, ...over };
}

test('decide takes a report as given, rounded down to one decimal and kept within 0 and 100', () => {
  const percents: [number, number][] = [
    [64.1, 64.1],
    [12.349, 12.3],
    [99.99, 99.9],
    [100, 100],
    [250, 100],
  ];
  for (const [said, kept] of percents) {
    assert.equal(acceptedPatch(running(), { kind: 'report', fence: 1, percent: said }).progress?.percent, kept);
  }
});

test('decide reports every tenth of a percent as itself', () => {
  for (let tenths = 1; tenths <= 1_000; tenths += 1) {
    const percent = tenths / 10;
    assert.equal(acceptedPatch(running(), { kind: 'report', fence: 1, percent }).progress?.percent, percent);
  }
});

test('decide takes a percentage that is no number as no news', () => {
  for (const percent of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -5]) {
    assert.deepEqual(decide(running(), { kind: 'report', fence: 1, percent }, NOW), {
      kind: 'refused',
      reason: 'NO_CHANGE',
    });
  }
});

test('decide clears a message that is reported as null, and keeps one that is not reported', () => {
  const job = running({ progress: { percent: 5, message: 'reading' } });
  const cleared = acceptedPatch(job, { kind: 'report', fence: 1, message: null });
  assert.deepEqual(cleared.progress, { percent: 5, message: null });
  const kept = acceptedPatch(job, { kind: 'report', fence: 1, percent: 6 });
  assert.deepEqual(kept.progress, { percent: 6, message: 'reading' });
});

test('decide waits for the longer of backoff and retryAfterMs', () => {
  assert.equal(acceptedPatch(running(), failed({ retryAfterMs: 10 })).runAt, NOW + 1_000);
  assert.equal(acceptedPatch(running(), failed({ retryAfterMs: 30_000 })).runAt, NOW + 30_000);
});

test('decide puts nothing off for longer than the longest wait a failure may ask for', () => {
  for (const retryAfterMs of [Number.POSITIVE_INFINITY, 1e15]) {
    assert.equal(acceptedPatch(running(), failed({ retryAfterMs })).runAt, NOW + RETRY_AFTER_MS_MAX);
  }
  assert.equal(acceptedPatch(running(), failed({ retryAfterMs: Number.NaN })).runAt, NOW + 1_000);
});

test('decide fails a job whose next try would start at its deadline or behind it', () => {
  const job = running({ deadlineMs: 3_000, deadlineAt: NOW + 2_000 });
  assert.equal(acceptedPatch(job, failed({ retryAfterMs: 1_999 })).state, 'waiting');
  assert.equal(acceptedPatch(job, failed({ retryAfterMs: 2_000 })).state, 'failed');
});

test('decide keeps code, message and details of the last failure', () => {
  const first = patched(running(), acceptedPatch(running(), failed()));
  const second = patched(first, acceptedPatch(first, { kind: 'claim', worker: 'w2', leaseMs: 1 }, NOW + 1_000));
  const { error } = acceptedPatch(second, { kind: 'lose', fence: 2, random: 0 }, NOW + 2_000);
  assert.deepEqual(error, {
    code: 'WORKER_LOST',
    message: 'Worker w2 let its lease run out.',
    details: null,
  });
});

test('decide drops the oldest of many attempts', () => {
  const attempts = Array.from({ length: ATTEMPT_HISTORY_MAX }, (_, index): EndedAttempt => {
    const times = { startedAt: NOW, endedAt: NOW };
    return { number: index + 1, fence: index + 1, worker: 'w', ...times, outcome: 'failed', error: null };
  });
  const after = acceptedPatch(
    running({ attempt: 21, fence: 21, attempts, retry: { attempts: 30, backoffMs: 0, factor: 1, maxMs: 0 } }),
    failed({ fence: 21 }),
  ).attempts;
  assert.equal(after?.length, ATTEMPT_HISTORY_MAX);
  assert.deepEqual([after?.[0]?.number, after?.at(-1)?.number], [2, 21]);
});

test('decide says how long the attempt and the job had when their time is over', () => {
  const timedOut = acceptedPatch(running({ timeoutMs: 500 }), { kind: 'timeOut', fence: 1, random: 0 });
  assert.equal(timedOut.error?.message, 'The attempt took longer than 500 ms.');
  const job = running({ deadlineMs: 1_000, deadlineAt: NOW });
  const overdue = acceptedPatch(job, { kind: 'timeOut', fence: 1, random: 0 });
  assert.equal(overdue.error?.message, 'The job was not done within 1000 ms.');
  assert.equal(overdue.error?.code, 'DEADLINE_PASSED');
});

test('decide lets a lease go exactly when it is over', () => {
  const job = running({ leaseUntil: NOW });
  assert.equal(decide(job, { kind: 'lose', fence: 1, random: 0 }, NOW - 1).kind, 'refused');
  assert.equal(decide(job, { kind: 'lose', fence: 1, random: 0 }, NOW).kind, 'accepted');
});

test('decide gives back the attempt of a released job, which then retries as often as before', () => {
  const job = running({ retry: { attempts: 1, backoffMs: 0, factor: 1, maxMs: 0 } });
  const released = patched(job, acceptedPatch(job, { kind: 'release', fence: 1 }));
  const claimed = acceptedPatch(released, { kind: 'claim', worker: 'w2', leaseMs: 1_000 });
  assert.deepEqual([released.attempt, claimed.attempt, claimed.fence], [0, 1, 2]);
});

test('decide gives a retried job its whole deadline again and keeps its fence', () => {
  const job = sampleJob({
    state: 'expired',
    finishedAt: NOW,
    deadlineMs: 5_000,
    deadlineAt: NOW,
    fence: 4,
    attempt: 2,
  });
  const retried = patched(job, acceptedPatch(job, { kind: 'retry' }, NOW + 60_000));
  assert.deepEqual([retried.deadlineAt, retried.fence, retried.attempt], [NOW + 65_000, 4, 0]);
});

test('decide records a success although a cancel was requested', () => {
  const job = running({ cancelRequestedAt: NOW - 1 });
  assert.equal(acceptedPatch(job, { kind: 'succeed', fence: 1, result: null }).state, 'succeeded');
});

test('expectedStates names the states of the table', () => {
  assert.deepEqual(expectedStates('cancel'), TRANSITIONS.cancel.from);
  assert.deepEqual(expectedStates('retry'), ['failed', 'cancelled', 'expired']);
});
