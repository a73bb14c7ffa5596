/** What holds for every sequence of commands, whatever the job, the order and the times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attemptsOf } from './attempts.ts';
import { ATTEMPT_HISTORY_MAX, type Command, decide } from './decide.ts';
import { type Job, patched } from './job.ts';
import { SAMPLE_NOW, sampleJob } from './sample-job.ts';
import { isFinal } from './state.ts';
import { type CommandName, TRANSITIONS } from './transitions.ts';

/** One accepted command: the job before and after it. */
interface Step {
  readonly before: Job;
  readonly after: Job;
  readonly command: Command;
}

const random = fc.double({ min: 0, max: 0.999_999, noNaN: true });
const retryAfterMs = fc.option(fc.oneof(fc.integer(), fc.double(), fc.constantFrom(NaN, Infinity, -1)), {
  nil: undefined,
});
const failure = fc.record({ code: fc.string(), message: fc.string(), details: fc.constant(null) });
const result = fc.option(fc.record({ contentType: fc.string(), bytes: fc.nat() }));
/** Mostly the fence of the job, so that sequences get somewhere; sometimes one beside it. */
const fenceShift = fc.constantFrom(0, 0, 0, 0, 0, -1, 1);

type Make = (fence: number) => Command;

const makers: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.nat(60_000).map(
      (leaseMs): Make =>
        () => ({ kind: 'claim', worker: 'w', leaseMs }),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Make>((fence) => ({ kind: 'release', fence })) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(20_000)).map(
      ([signal, timeoutMs]): Make =>
        (fence) => ({ kind: 'park', fence, signal, timeoutMs }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(3)).map(
      ([name, value]): Make =>
        () => ({ kind: 'signal', name, value, max: 2 }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.double(), fc.option(fc.string())).map(
      ([percent, message]): Make =>
        (fence) => ({ kind: 'report', fence, percent, message }),
    ),
  },
  {
    weight: 1,
    arbitrary: result.map(
      (meta): Make =>
        (fence) => ({ kind: 'succeed', fence, result: meta }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ failure, isRetryable: fc.boolean(), retryAfterMs, random }).map(
      ({ retryAfterMs: after, ...rest }): Make =>
        (fence) => ({ kind: 'fail', fence, ...rest, ...(after === undefined ? {} : { retryAfterMs: after }) }),
    ),
  },
  {
    weight: 2,
    arbitrary: random.map(
      (value): Make =>
        (fence) => ({ kind: 'timeOut', fence, random: value }),
    ),
  },
  {
    weight: 2,
    arbitrary: random.map(
      (value): Make =>
        (fence) => ({ kind: 'lose', fence, random: value }),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Make>(() => ({ kind: 'expire' })) },
  { weight: 1, arbitrary: fc.constant<Make>(() => ({ kind: 'cancel' })) },
  {
    weight: 1,
    arbitrary: fc.constant<Make>(() => ({ kind: 'giveUp', parent: { id: 'p', state: 'expired' } })),
  },
  { weight: 1, arbitrary: fc.constant<Make>((fence) => ({ kind: 'stop', fence })) },
  { weight: 2, arbitrary: fc.constant<Make>(() => ({ kind: 'retry' })) },
);

const jobs = fc
  .record({
    retry: fc.record({
      attempts: fc.integer({ min: 1, max: 5 }),
      backoffMs: fc.nat(10_000),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      maxMs: fc.nat(60_000),
    }),
    deadlineMs: fc.option(fc.nat(200_000)),
    runAt: fc.nat(5_000).map((ms) => SAMPLE_NOW + ms),
  })
  .map((over) => sampleJob({ ...over, deadlineAt: over.deadlineMs === null ? null : SAMPLE_NOW + over.deadlineMs }));

const scripts = fc.array(fc.tuple(makers, fenceShift, fc.nat(20_000)), { minLength: 1, maxLength: 80, size: 'max' });

/** Plays a script on a job; `prune` is left out, since nothing follows it. */
function play(job: Job, script: readonly (readonly [Make, number, number])[]): Step[] {
  const steps: Step[] = [];
  let current = job;
  let now = SAMPLE_NOW;
  for (const [make, shift, pauseMs] of script) {
    now += pauseMs;
    const command = make(current.fence + shift);
    const decision = decide(current, command, now);
    if (decision.kind === 'refused') continue;
    const after = patched(current, decision.patch);
    steps.push({ before: current, after, command });
    current = after;
  }
  return steps;
}

function holds(check: (step: Step) => void): void {
  let steps = 0;
  const property = fc.property(jobs, scripts, (job, script) => {
    for (const step of play(job, script)) {
      steps += 1;
      check(step);
    }
  });
  fc.assert(property, { numRuns: 1_000 });
  assert.ok(steps > 5_000, `the scripts must get somewhere, they made ${steps} steps`);
}

test('no sequence of commands leaves a final state except by retry', () => {
  holds(({ before, command }) => {
    if (isFinal(before.state)) assert.equal(command.kind, 'retry');
  });
});

test('an accepted command leads only where its transition says', () => {
  holds(({ before, after, command }) => {
    const row = TRANSITIONS[command.kind as Exclude<CommandName, 'prune'>];
    assert.ok((row.from as readonly string[]).includes(before.state));
    assert.ok((row.to as readonly string[]).includes(after.state), `${command.kind} led to ${after.state}`);
  });
});

test('the revision grows by one at every step, the fence by one at every claim and at nothing else', () => {
  holds(({ before, after, command }) => {
    assert.equal(after.revision, before.revision + 1);
    assert.equal(after.fence, before.fence + (command.kind === 'claim' ? 1 : 0));
  });
});

test('finishedAt is set exactly when the state is final', () => {
  holds(({ after }) => assert.equal(after.finishedAt !== null, isFinal(after.state)));
});

test('a job has a worker, a lease and a start exactly while it must', () => {
  holds(({ after }) => {
    assert.equal(after.leaseUntil !== null, after.state === 'running');
    if (after.state === 'running') assert.notEqual(after.worker, null);
    if (after.state === 'waiting') assert.equal(after.worker, null);
    if (after.state === 'running') assert.notEqual(after.startedAt, null);
  });
});

test('progress stays within 0 and 100 and never goes down within an attempt', () => {
  holds(({ before, after, command }) => {
    assert.ok(after.progress.percent >= 0 && after.progress.percent <= 100);
    const isGivenBack = command.kind === 'release' && after.state === 'waiting';
    const isNewAttempt = isGivenBack || command.kind === 'claim' || command.kind === 'retry';
    if (!isNewAttempt) assert.ok(after.progress.percent >= before.progress.percent);
    if (isNewAttempt) assert.deepEqual(after.progress, { percent: 0, message: null });
  });
});

test('attempts are counted from 0 to at most the attempts of the policy', () => {
  holds(({ after }) => assert.ok(after.attempt >= 0 && after.attempt <= after.retry.attempts, `${after.attempt}`));
});

test('a parked job runs no sooner than its signal or its time, and a signal is never missed', () => {
  holds(({ before, after, command }) => {
    const awaited = after.marks?.signal;
    if (after.state === 'waiting' && awaited !== undefined) {
      assert.ok(!Object.hasOwn(after.marks?.signals ?? {}, awaited.name), 'it waits for what has come');
      assert.equal(after.runAt, awaited.until);
    }
    const known = before.marks?.signals ?? {};
    for (const name of Object.keys(known)) assert.ok(Object.hasOwn(after.marks?.signals ?? {}, name), command.kind);
    if (command.kind === 'park' && after.state === 'waiting') assert.equal(after.attempt, before.attempt - 1);
    assert.ok(Object.keys(after.marks?.signals ?? {}).length <= 2);
  });
});

test('a waiting job has no cancel request, and a cancelled one always has', () => {
  holds(({ after }) => {
    if (after.state === 'waiting') assert.equal(after.cancelRequestedAt, null);
    if (after.state === 'cancelled') assert.notEqual(after.cancelRequestedAt, null);
  });
});

test('a result belongs to succeeded jobs, an error never does, and a failed or expired job says why', () => {
  holds(({ after }) => {
    if (after.result !== null) assert.equal(after.state, 'succeeded');
    if (after.state === 'succeeded') assert.equal(after.error, null);
    if (after.state === 'failed' || after.state === 'expired') assert.notEqual(after.error, null);
  });
});

test('the attempts of a job are bounded, each with a fence of its own, and all but the latest have ended', () => {
  holds(({ after }) => {
    const attempts = attemptsOf(after);
    assert.ok(attempts.length <= ATTEMPT_HISTORY_MAX + 1);
    const fences = attempts.map(({ fence }) => fence);
    assert.deepEqual(
      fences,
      [...new Set(fences)].sort((a, b) => a - b),
    );
    assert.ok(attempts.slice(0, -1).every(({ startedAt, endedAt }) => endedAt !== null && endedAt >= startedAt));
    assert.equal(attempts.at(-1)?.outcome === 'running', after.state === 'running');
    if (after.state === 'succeeded') assert.deepEqual(attempts.at(-1)?.fence, after.fence);
  });
});

test('every time that is written is a whole number of milliseconds, and no retry lies behind the deadline', () => {
  holds(({ after, command }) => {
    for (const time of [after.runAt, after.leaseUntil, after.startedAt, after.finishedAt, after.deadlineAt]) {
      assert.ok(time === null || Number.isSafeInteger(time), `${command.kind} wrote ${time}`);
    }
    const isPutOff = after.state === 'waiting' && ['fail', 'timeOut', 'lose'].includes(command.kind);
    if (isPutOff && after.deadlineAt !== null) assert.ok(after.runAt < after.deadlineAt);
  });
});

test('decide changes neither the job nor the command', () => {
  const property = fc.property(jobs, scripts, (job, script) => {
    let current = deepFrozen(job);
    for (const [make, shift, pauseMs] of script) {
      const command = deepFrozen(make(current.fence + shift));
      const decision = decide(current, command, SAMPLE_NOW + pauseMs);
      if (decision.kind === 'accepted') current = deepFrozen(patched(current, decision.patch));
    }
  });
  fc.assert(property, { numRuns: 200 });
});

/** Modules are strict, so that writing to a frozen object throws. */
function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}
