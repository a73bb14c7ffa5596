/** The advice, obeyed: callers of jobs whose run times have known distributions come back as told, and learn of the end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Job } from '../../core/job.ts';
import { SAMPLE_NOW as NOW, sampleJob } from '../../core/sample-job.ts';
import { createChanges } from '../changes.ts';
import { createTelemetry } from '../telemetry.ts';
import { createDurations } from './durations.ts';

/** A repeatable random number in [0, 1). */
function createDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

type Dice = () => number;
const normal = (meanMs: number, spreadMs: number) => (dice: Dice) => {
  const pole = Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice());
  return Math.max(1, meanMs + spreadMs * pole);
};
const exponential = (meanMs: number) => (dice: Dice) => -meanMs * Math.log(1 - dice());

/** Advice for jobs of one type, by what has happened so far. */
function createScene() {
  const changes = createChanges(createTelemetry());
  const population = { waiting: 0, running: 0 };
  const durations = createDurations(changes, {
    waitingOf: () => population.waiting,
    runningOf: () => population.running,
  });
  const announce = (job: Job, cause: 'submitted' | 'claimed' | 'succeeded') =>
    changes.announce({ kind: 'changed', snapshot: { job, resultText: null }, job, before: null, cause });
  const ended = (ms: number) =>
    announce(sampleJob({ state: 'succeeded', startedAt: NOW, finishedAt: NOW + Math.round(ms) }), 'succeeded');
  return { durations, population, announce, ended };
}

interface Obeyed {
  readonly looks: number;
  readonly isInTime: boolean;
}

const isInTime = (lateMs: number, durationMs: number) => lateMs <= Math.max(1_000, durationMs / 10);
const shareOf = (all: readonly Obeyed[], fits: (one: Obeyed) => boolean) => all.filter(fits).length / all.length;

function assertGood(all: readonly Obeyed[], name: string): void {
  const [few, timely] = [shareOf(all, ({ looks }) => looks <= 3), shareOf(all, (one) => one.isInTime)];
  const both = shareOf(all, (one) => one.isInTime && one.looks <= 3);
  assert.ok(both >= 0.9, `${name}: ${few} with three looks or fewer, ${timely} in time, ${both} both`);
}

const DISTRIBUTIONS: readonly (readonly [string, (dice: Dice) => number])[] = [
  ['always half a minute', () => 30_000],
  ['always a fifth of a second', () => 200],
  ['around 40 s, by 5 %', normal(40_000, 2_000)],
  ['around 20 min, by 6 %', normal(1_200_000, 72_000)],
  ['anything from 50 to 65 s', (dice) => 50_000 + 15_000 * dice()],
  ['short ones of any length', exponential(700)],
  [
    'seven in ten 3 s, the others a minute',
    (dice) => (dice() < 0.7 ? normal(3_000, 100) : normal(60_000, 2_000))(dice),
  ],
];

describe('whoever comes back when Retry-After says', () => {
  for (const [name, distribution] of DISTRIBUTIONS) {
    test(`looks three times at most and is late by a tenth or a second at most, for nine jobs in ten: ${name}`, () => {
      const dice = createDice(1);
      const { durations, ended } = createScene();
      for (let run = 0; run < 300; run += 1) ended(distribution(dice));
      const job = sampleJob({ state: 'running', createdAt: NOW, startedAt: NOW });
      const all = Array.from({ length: 1_000 }, (): Obeyed => {
        const durationMs = distribution(dice);
        for (let [looks, at] = [1, 0]; ; looks += 1) {
          at += durations.remainingMs(job, NOW + at, 1_000);
          if (at >= durationMs) return { looks, isInTime: isInTime(at - durationMs, durationMs) };
        }
      });
      assertGood(all, name);
    });
  }

  test('does as well in a queue, whose length is told by its place', () => {
    const dice = createDice(2);
    const scene = createScene();
    const [slots, distribution] = [4, normal(5_000, 250)];
    for (let run = 0; run < 300; run += 1) scene.ended(distribution(dice));
    assertGood(playedQueue(scene, { slots, runs: Array.from({ length: 400 }, () => distribution(dice)) }), 'queue');
  });

  test('is told of wide distributions in steps that grow, and is never told to spin', () => {
    const dice = createDice(3);
    const { durations, ended } = createScene();
    for (let run = 0; run < 300; run += 1) ended(exponential(60_000)(dice));
    const job = sampleJob({ state: 'running', createdAt: NOW, startedAt: NOW });
    const steps: number[] = [];
    for (let at = 0; at < 600_000; at += steps.at(-1) ?? 0) steps.push(durations.remainingMs(job, NOW + at, 1));
    assert.ok(steps.every((ms) => ms >= 1_000 && ms % 1_000 === 0));
    assert.ok(steps.length <= 25, `${steps.length} looks in ten minutes`);
  });
});

/** All submitted at once to so many slots, first come first served; each caller comes back as told. */
function playedQueue(
  { durations, population, announce, ended }: ReturnType<typeof createScene>,
  { slots, runs }: { readonly slots: number; readonly runs: readonly number[] },
): readonly Obeyed[] {
  const free = Array.from({ length: slots }, () => 0);
  const jobs = runs.map((runMs, at) => {
    const slot = free.indexOf(Math.min(...free));
    const startAt = free[slot] as number;
    free[slot] = startAt + runMs;
    return { number: at + 1, startAt, endAt: startAt + runMs, runMs, looks: 0, seenAt: Number.POSITIVE_INFINITY };
  });
  type Event = { readonly at: number; run(): void };
  const events: Event[] = [];
  const snapshot = ({ number, startAt }: (typeof jobs)[number], at: number) =>
    at < startAt
      ? sampleJob({ number, createdAt: NOW, runAt: NOW })
      : sampleJob({ number, createdAt: NOW, state: 'running', startedAt: NOW + startAt });
  for (const job of jobs) {
    population.waiting += 1;
    announce(snapshot(job, -1), 'submitted');
    events.push({
      at: job.startAt,
      run() {
        population.waiting -= 1;
        population.running += 1;
        announce(snapshot(job, job.startAt), 'claimed');
      },
    });
    events.push({
      at: job.endAt,
      run() {
        population.running -= 1;
        ended(job.runMs);
      },
    });
  }
  const look = (job: (typeof jobs)[number], at: number) => {
    if (at >= job.endAt) job.seenAt = at;
    else {
      const next = at + durations.remainingMs(snapshot(job, at), NOW + at, slots);
      job.looks += 1;
      events.push({ at: next, run: () => look(job, next) });
    }
  };
  // What is free is taken before anybody hears of their submit.
  for (const job of jobs) events.push({ at: 0.5, run: () => look(job, 0.5) });
  while (events.length > 0) {
    events.sort((a, b) => a.at - b.at);
    events.shift()?.run();
  }
  return jobs.map(({ looks, seenAt, endAt }) => ({ looks, isInTime: isInTime(seenAt - endAt, endAt) }));
}

test('a job that waits for a signal is looked at within half a minute, however long it may wait', () => {
  const { durations } = createScene();
  const signal = { name: 'approval', until: NOW + 604_800_000 };
  const parked = sampleJob({ state: 'waiting', startedAt: NOW, runAt: signal.until, marks: { signal } });
  assert.equal(durations.remainingMs(parked, NOW, 1), 1_000);
  assert.equal(durations.remainingMs(parked, NOW + 100_000, 1), 10_000);
  assert.equal(durations.remainingMs(parked, NOW + 86_400_000, 1), 30_000);
});
