import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dueTicks, isFree, jitterOf, PORTION, stateAfter } from './decide-ticks.ts';
import { everyMsOf, nextInterval } from './intervals.ts';
import type { Missed, NextTick, Schedule, ScheduleState } from './schedule.ts';

const LIMITS = { scheduleLateMsMax: 60_000, scheduleMissedMax: 7 };
const START = 1_750_000_000_000;

function scheduleOf(missed: Missed, nextTick: NextTick, over: Partial<ScheduleState> = {}) {
  const state: ScheduleState = {
    ...{ cursor: START, next: nextTick(START), catchUpUntil: null, pausedAt: null },
    ...{ recent: [], lastRun: null, lastSkip: null },
    ...over,
  };
  const spec = { missed } as Schedule['spec'];
  return { spec, state };
}

const every =
  (ms: number): NextTick =>
  (after) =>
    nextInterval(START, ms, after);

/** Looks as a process does until nothing is due. */
function look(schedule: Pick<Schedule, 'spec' | 'state'>, nextTick: NextTick, now: number) {
  const ran: number[] = [];
  let { state } = schedule;
  for (let due = dueTicks({ ...schedule, state }, nextTick, now, LIMITS); due !== null; ) {
    assert.ok(due.ticks.length <= PORTION);
    ran.push(...due.ticks);
    const next = nextTick(Math.max(state.cursor, due.cursor));
    state = stateAfter(state, due, { next, unfinished: [], ran: [], skipped: null });
    due = dueTicks({ ...schedule, state }, nextTick, now, LIMITS);
  }
  return { ran, state };
}

describe('dueTicks', () => {
  it('runs every tick that is at most late, whatever is said of missed ones', () => {
    for (const missed of ['skip', 'last', 'all'] as const) {
      const { ran } = look(scheduleOf(missed, every(1_000)), every(1_000), START + 60_999);
      assert.deepEqual(
        ran,
        Array.from({ length: 60 }, (_, at) => START + (at + 1) * 1_000),
      );
    }
  });

  it('runs none, the last or the newest of those that nobody was there for', () => {
    const day = 86_400_000;
    const ticks = (missed: Missed) => look(scheduleOf(missed, every(1_000)), every(1_000), START + day + 500).ran;
    assert.deepEqual(ticks('skip'), []);
    assert.deepEqual(ticks('last'), [START + day]);
    assert.deepEqual(
      ticks('all'),
      Array.from({ length: 7 }, (_, at) => START + day - (6 - at) * 1_000),
    );
  });

  it('runs all missed ones when they are few, and says nothing of missing any then', () => {
    const nextTick = every(3_600_000);
    const now = START + 3 * 3_600_000 + 120_000;
    const due = dueTicks(scheduleOf('all', nextTick), nextTick, now, LIMITS);
    assert.deepEqual(
      due?.ticks,
      [1, 2, 3].map((hour) => START + hour * 3_600_000),
    );
    assert.equal(due?.missed, null);
    assert.equal(dueTicks(scheduleOf('last', nextTick), nextTick, now, LIMITS)?.missed, START + 2 * 3_600_000);
    assert.equal(dueTicks(scheduleOf('skip', nextTick), nextTick, now, LIMITS)?.missed, START + 3 * 3_600_000);
  });

  it('finds the last of a stop of years with few questions', () => {
    let asked = 0;
    const nextTick: NextTick = (after) => {
      asked += 1;
      return every(1_000)(after);
    };
    const year = 366 * 86_400_000;
    assert.deepEqual(look(scheduleOf('last', nextTick), nextTick, START + 3 * year).ran, [START + 3 * year]);
    assert.ok(asked < 300, `${asked} questions`);
  });

  it('has nothing to do while it is paused, before its time, and behind its last tick', () => {
    const nextTick = every(1_000);
    const due = (over: Partial<ScheduleState>, now: number) =>
      dueTicks(scheduleOf('all', nextTick, over), nextTick, now, LIMITS);
    assert.equal(due({ pausedAt: START }, START + 5_000), null);
    assert.equal(due({}, START + 999), null);
    assert.equal(due({ next: null }, START + 5_000), null);
  });

  it('never runs a tick twice and none that is no tick, and loses none that is only late, however the clock goes', () => {
    const minutes = fc.integer({ min: 1, max: 90 }).map((count) => count * 1_000);
    // Small steps, hours of stop, and clocks that are set back.
    const steps = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 59_000 }), fc.integer({ min: -7_200_000, max: 7_200_000 })),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(minutes, steps, fc.constantFrom<Missed>('skip', 'last', 'all'), (everyMs, moves, missed) => {
        const nextTick = every(everyMs);
        let schedule = scheduleOf(missed, nextTick);
        let now = START;
        let furthest = START;
        const all: number[] = [];
        for (const move of moves) {
          now += move;
          const isLate = schedule.state.next !== null && now - schedule.state.next > LIMITS.scheduleLateMsMax;
          const { ran, state } = look(schedule, nextTick, now);
          const wanted = Math.max(0, Math.floor((now - START) / everyMs) - Math.floor((furthest - START) / everyMs));
          if (!isLate) assert.equal(ran.length, wanted);
          else assert.equal(ran.length, { skip: 0, last: 1, all: Math.min(wanted, 7) }[missed]);
          all.push(...ran);
          furthest = Math.max(furthest, now);
          schedule = { ...schedule, state };
          assert.ok((state.next ?? 0) > state.cursor);
        }
        assert.deepEqual(
          all,
          [...new Set(all)].sort((a, b) => a - b),
        );
        assert.ok(all.every((tick) => (tick - START) % everyMs === 0));
      }),
    );
  });
});

describe('isFree', () => {
  it('lets one run and, with a queue, one wait', () => {
    const free = (overlap: 'allow' | 'skip' | 'queue') => [0, 1, 2, 9].map((count) => isFree(overlap, count));
    assert.deepEqual(free('allow'), [true, true, true, true]);
    assert.deepEqual(free('skip'), [true, false, false, false]);
    assert.deepEqual(free('queue'), [true, true, false, false]);
  });
});

describe('jitterOf', () => {
  it('is the same for a name and a tick, and spread over all of its time', () => {
    assert.equal(jitterOf('a', START, 0), 0);
    assert.equal(jitterOf('a', START, 60_000), jitterOf('a', START, 60_000));
    const tenths = new Map<number, number>();
    for (let at = 0; at < 2_000; at += 1) {
      const jitter = jitterOf(`name-${at % 20}`, START + at * 1_000, 9_999);
      assert.ok(jitter >= 0 && jitter <= 9_999);
      tenths.set(Math.floor(jitter / 1_000), (tenths.get(Math.floor(jitter / 1_000)) ?? 0) + 1);
    }
    assert.equal(tenths.size, 10);
    assert.ok(
      [...tenths.values()].every((count) => count > 120 && count < 280),
      [...tenths.values()].join(' '),
    );
  });
});

describe('everyMsOf', () => {
  it('adds up its parts, and refuses what is none', () => {
    assert.equal(everyMsOf('@every 10m'), 600_000);
    assert.equal(everyMsOf('@every 1d2h3m4s'), 93_784_000);
    assert.equal(everyMsOf('@every 9999999d'), 0);
    for (const text of ['@every', '@every 10', '@every 1.5h', '@every -1s', '@hourly', '@every 1s '.repeat(9)]) {
      assert.equal(everyMsOf(text), null);
    }
  });
});
