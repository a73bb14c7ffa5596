/** Figures by the minute, and how long jobs have been due. */
import assert from 'node:assert/strict';
import { countRun, noFigures, type StatFigures } from '../../core/stat-figures.ts';
import type { StatRow } from '../contract.ts';
import { insertJobs, NOW } from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

const MINUTE_MS = 60_000;
/** The start of an hour. */
const HOUR = Math.floor(NOW / 3_600_000) * 3_600_000;

export const figures: Topic = [
  test('statRead adds up nodes and minutes, by stretch and type', async (context) => {
    const { store, tenant } = context;
    const five = 5 * MINUTE_MS;
    await store.statWrite([
      row(context, { figures: figuresOf({ submitted: 3, waiting: 7 }, 10, 20) }),
      row(context, { node: 'b \0', figures: figuresOf({ submitted: 2, waiting: 7 }, 30) }),
      row(context, { minute: HOUR + 4 * MINUTE_MS, figures: figuresOf({ failed: 1, waiting: 9 }) }),
      row(context, { minute: HOUR + five, type: 'other', figures: figuresOf({ expired: 1, runMs: 2 ** 45 }) }),
      row(context, { tenant: `${tenant}-2`, figures: figuresOf({ submitted: 100 }) }),
    ]);
    const ask = { tenant, from: HOUR, before: HOUR + 10 * MINUTE_MS, stepMs: five };
    const first = {
      at: HOUR,
      type: context.type,
      figures: figuresOf({ submitted: 5, failed: 1, waiting: 9 }, 10, 20, 30),
    };
    const second = { at: HOUR + five, type: 'other', figures: figuresOf({ expired: 1, runMs: 2 ** 45 }) };
    assert.deepEqual(await store.statRead(ask), [first, second]);
    assert.deepEqual(await store.statRead({ ...ask, type: 'other' }), [second]);
    assert.deepEqual(await store.statRead({ ...ask, before: HOUR + five }), [first]);
    assert.deepEqual(await store.statRead({ ...ask, from: HOUR + 1 * MINUTE_MS, stepMs: MINUTE_MS }), [
      { at: HOUR + 4 * MINUTE_MS, type: context.type, figures: figuresOf({ failed: 1, waiting: 9 }) },
      second,
    ]);
    // Stretches begin where the caller says.
    assert.deepEqual(await store.statRead({ ...ask, from: HOUR + 1 * MINUTE_MS, type: 'other' }), [
      { ...second, at: HOUR + 1 * MINUTE_MS },
    ]);
    assert.deepEqual(await store.statRead({ ...ask, tenant: `${tenant}-3` }), []);
  }),

  test('statWrite puts a row in place of the one before, of the same batch too', async (context) => {
    const { store, tenant } = context;
    await store.statWrite([row(context, { figures: figuresOf({ submitted: 1 }), errors: { A: 5 } })]);
    await store.statWrite([
      row(context, { figures: figuresOf({ submitted: 2 }) }),
      row(context, { figures: figuresOf({ submitted: 3 }), errors: { B: 1 } }),
    ]);
    const [sum] = await store.statRead({ tenant, from: HOUR, before: HOUR + 1, stepMs: MINUTE_MS });
    assert.equal(sum?.figures.submitted, 3);
    assert.deepEqual(await store.statErrors({ tenant, from: HOUR }), [{ type: context.type, code: 'B', count: 1 }]);
    await store.statWrite([]);
  }),

  test('statErrors adds up codes by type, the most frequent first', async (context) => {
    const { store, tenant, type } = context;
    const odd = '" \\ \0 ü';
    await store.statWrite([
      row(context, { errors: { TIMEOUT: 2, [odd]: 1 } }),
      row(context, { node: 'b', errors: { TIMEOUT: 3 } }),
      row(context, { minute: HOUR - MINUTE_MS, errors: { OLD: 9 } }),
    ]);
    assert.deepEqual(await store.statErrors({ tenant, from: HOUR }), [
      { type, code: 'TIMEOUT', count: 5 },
      { type, code: odd, count: 1 },
    ]);
  }),

  alone('statDrop removes what is old, so many at once', async (context) => {
    const { store, tenant } = context;
    const minutes = [0, 1, 2, 3].map((at) => HOUR + at * MINUTE_MS);
    await store.statWrite(minutes.map((minute) => row(context, { minute, figures: figuresOf({ submitted: 1 }) })));
    const before = HOUR + 3 * MINUTE_MS;
    assert.equal(await store.statDrop({ before, limit: 2 }), 2);
    assert.equal(await store.statDrop({ before, limit: 2 }), 1);
    assert.equal(await store.statDrop({ before, limit: 2 }), 0);
    const left = await store.statRead({ tenant, from: 0, before: HOUR * 2, stepMs: MINUTE_MS });
    assert.deepEqual(
      left.map(({ at }) => at),
      [before],
    );
  }),

  test('oldestDue answers the earliest due job of each type, whatever its priority', async (context) => {
    const { store, tenant, type } = context;
    await insertJobs(context, [{ runAt: NOW - 5, priority: -1 }, { runAt: NOW - 3, priority: 1 }, { runAt: NOW + 9 }]);
    const later = { ...context, type: `${type}-later` };
    await insertJobs(later, [
      { runAt: NOW + 1 },
      { runAt: NOW - 50, sequenceKey: 's' },
      { runAt: NOW - 70, sequenceKey: 's' },
    ]);
    const types = [type, later.type, `${type}-none`];
    const byType = (rows: readonly { type: string }[]) => rows.toSorted((a, b) => (a.type < b.type ? -1 : 1));
    // The second of the sequence waits for the first.
    assert.deepEqual(byType(await store.oldestDue({ tenant, types, now: NOW })), [
      { type, runAt: NOW - 5 },
      { type: later.type, runAt: NOW - 50 },
    ]);
    assert.deepEqual(await store.oldestDue({ tenant: `${tenant}-2`, types, now: NOW }), []);
    await insertJobs({ ...later, tenant: `${tenant}-3` }, [{ runAt: NOW - 60 }]);
    assert.deepEqual(byType(await store.oldestDue({ tenant: null, types, now: NOW })), [
      { type, runAt: NOW - 5 },
      { type: later.type, runAt: NOW - 60 },
    ]);
    assert.deepEqual(await store.oldestDue({ tenant: null, types: [type], now: NOW - 6 }), []);
    assert.deepEqual(await store.oldestDue({ tenant, types: [], now: NOW }), []);
    assert.deepEqual(await store.oldestDue({ tenant, types: [type], now: NOW - 6 }), []);
  }),
];

function row({ tenant, type }: Context, over: Partial<StatRow> = {}): StatRow {
  return { tenant, type, minute: HOUR, node: 'a', figures: noFigures(), errors: {}, ...over };
}

function figuresOf(over: Partial<StatFigures>, ...runs: readonly number[]): StatFigures {
  const counted = noFigures();
  for (const ms of runs) countRun(counted, ms);
  return { ...counted, ...over };
}
