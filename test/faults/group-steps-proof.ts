/**
 * A group whose process dies at each of its calls of the store, before it and after it, from the first call of its creation to what it submits at its end. The next
 * process goes on: every member counts once, and what follows is submitted once.
 *
 * Whoever had no answer asks again, a creation and each add under its idempotency key.
 */
import assert from 'node:assert/strict';
import { createFakeClock, type FakeClock, type MemberRequest } from '../../src/engine/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { DONE, type Fixture, failed, openEngine, TENANT } from '../engine/engine-fixture.ts';
import { spyOn } from '../engine/store-spy.ts';
import { type Death, deadStore } from './dead-store.ts';

const DEATHS: readonly Death[] = ['before', 'after'];
/** That somebody has to have died at. */
const STEPS = ['groupInsert', 'groupAdd', 'groupClose', 'groupSettle', 'groupFire', 'endedDrop', 'claim', 'apply'];
const STEP_MS = 5_000;
/** Of a lost lease and a sweep, and then some. */
const STEPS_MAX = 60;
const TYPES = {
  good: async () => DONE,
  bad: async () => failed('It broke.', false),
  report: async () => DONE,
};

interface Round {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly name: string;
}

/** @param every calls between two deaths; with 1 there is one at each. */
export async function proveGroupSteps(store: Store, every = 1): Promise<string> {
  const clock = createFakeClock();
  const whole = await playUntilDeath({ store, clock, name: 'whole' }, 0, 'before');
  const names = new Set<string>();
  for (const death of DEATHS) {
    for (let at = 1; at <= whole.length; at += every) {
      const round = { store, clock, name: `${death}-${at}` };
      const calls = await playUntilDeath(round, at, death);
      names.add(calls.at(-1) ?? '');
      await goOn(round);
    }
  }
  await goOn({ store, clock, name: 'whole' });
  if (every === 1) for (const name of STEPS) assert.ok(names.has(name), `${name} is none of ${[...names]}`);
  return [...names].toSorted().join(', ');
}

/** The names of the calls that there were. */
async function playUntilDeath({ store, clock, name }: Round, at: number, death: Death): Promise<readonly string[]> {
  const dead = deadStore(store, at, death);
  await using fixture = await openEngine({ types: TYPES, spy: spyOn(dead.store), clock, workerName: name });
  dead.arm();
  await asked(fixture, name).catch(() => {});
  for (let step = 0; step < STEPS_MAX && !dead.isDead; step += 1) {
    await fixture.advance(STEP_MS);
    if ((await reportsOf(store, name)).length === 2 && (await unfinished(store, name)) === 0) break;
  }
  return [...dead.calls];
}

async function goOn({ store, clock, name }: Round): Promise<void> {
  await using fixture = await openEngine({ types: TYPES, spy: spyOn(store), clock, workerName: `${name}-next` });
  const id = await asked(fixture, name);
  let group = await fixture.engine.groups.read(TENANT, id);
  for (let step = 0; step < STEPS_MAX && (group.outcome === null || (await unfinished(store, name)) > 0); step += 1) {
    await fixture.advance(STEP_MS);
    group = await fixture.engine.groups.read(TENANT, id);
  }
  assert.deepEqual([group.total, group.outcome], [3, 'failed'], name);
  assert.deepEqual([group.counts.succeeded, group.counts.failed], [2, 1], name);
  // Whoever wanted to submit them again would do so within a look of every loop.
  await fixture.advance(STEP_MS);
  assert.equal((await reportsOf(store, name)).length, 2, `${name}: what follows is submitted once each`);
  assert.equal(await unfinished(store, name), 0, name);
}

/** What its owner calls; each may be called again. */
async function asked({ engine }: Fixture, name: string): Promise<string> {
  const member = (type: string, count: number): MemberRequest => {
    return { type, tags: { name }, idempotencyKey: `${name}-${type}-${count}`, retry: { attempts: 9 } };
  };
  const report = { type: 'report', tags: { name } };
  const { group } = await engine.groups.create({
    ...{ tenant: TENANT, jobs: [member('good', 1)], isOpen: true, idempotencyKey: name },
    followUps: { always: report, onSuccess: report, onFailure: report },
  });
  const jobs = [member('good', 2), member('bad', 3)];
  await engine.groups.add({ tenant: TENANT, id: group.id, jobs, ids: [] });
  await engine.groups.close(TENANT, group.id);
  return group.id;
}

function reportsOf(store: Store, name: string) {
  return store.list({ tenant: TENANT, types: ['report'], tags: { name }, limit: 10 });
}

async function unfinished(store: Store, name: string): Promise<number> {
  const states = ['waiting', 'running'] as const;
  return (await store.list({ tenant: TENANT, states, tags: { name }, limit: 10 })).length;
}
