/**
 * The engine on a store whose k-th call fails, for every k, refused or unanswered: every acknowledged submit reaches exactly the
 * outcome that it would have without the fault, and the engine shows what is stored.
 *
 * A script of callers is played against an engine that runs jobs. Callers do what callers are told to: a call that fails with
 * `unavailable` is made again, a submit under the same idempotency key.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BideError } from '../../src/core/errors.ts';
import type { Job } from '../../src/core/job.ts';
import { isFinal } from '../../src/core/state.ts';
import type { SubmitRequest } from '../../src/engine/index.ts';
import type { Store } from '../../src/store/contract.ts';
import {
  aborted,
  type Fixture,
  failed,
  json,
  openEngine,
  openStore,
  type Run,
  TENANT,
} from '../engine/engine-fixture.ts';
import { spyOn } from '../engine/store-spy.ts';
import { type FaultyStore, faultyStore } from './faulty-store.ts';

/** Steps of 5 s: more than enough for a lost claim, whose lease has to run out before the job is run again. */
const STEP_MS = 5_000;
const STEPS = 60;
/** Times that a caller tries again. One call fails per run, so the second time it gets through. */
const TRIES = 3;

const TYPES: Readonly<Record<string, Run>> = {
  good: async ({ input }) => json({ echo: JSON.parse(input) as number }),
  flaky: async ({ job }) => (job.attempt === 1 ? failed('the first time') : json('worked')),
  doomed: async () => failed('for good', false),
  endless: async (attempt) => {
    await aborted(attempt);
    return { kind: 'aborted' };
  },
};

interface Stage {
  readonly fixture: Fixture;
  /** The store without the fault: the truth. */
  readonly truth: Store;
  readonly run: number;
}

/**
 * An answer can be lost only where a network is in between, and such a store is shared. The store of a single process keeps the
 * contract to the letter (a rejected call wrote nothing), and the engine serves snapshots from memory on the strength of that.
 */
const SETTINGS = [
  { failure: 'refused', isShared: false, mustFail: ['insert', 'claim', 'apply', 'sweep', 'remove'] },
  { failure: 'refused', isShared: true, mustFail: ['insert', 'claim', 'apply', 'sweep', 'remove', 'read'] },
  { failure: 'unanswered', isShared: true, mustFail: ['insert', 'claim', 'apply', 'sweep', 'remove', 'read'] },
] as const;

for (const { failure, isShared, mustFail } of SETTINGS) {
  const words = `${isShared ? 'shared' : 'own'} store is ${failure}`;
  test(`engine ends every job as it should when the k-th call of its ${words}, for every k`, async () => {
    await using opened = await openStore();
    let run = 0;
    let calls = 0;
    const names = new Set<string>();
    for (let k = 0; k === 0 || k <= calls; k += 1) {
      run += 1;
      const faulty = faultyStore(opened.store, k, failure);
      await playScript({ truth: opened.store, faulty, run, isShared });
      if (k === 0) calls = faulty.calls.length;
      else names.add(faulty.struck ?? 'none');
    }
    assert.ok(calls > 20, `only ${calls} store calls`);
    for (const name of mustFail) assert.ok(names.has(name), `${name} never failed`);
  });
}

interface Setting {
  readonly truth: Store;
  readonly faulty: FaultyStore;
  readonly run: number;
  readonly isShared: boolean;
}

async function playScript({ truth, faulty, run, isShared }: Setting): Promise<void> {
  const where = () => `run ${run}: ${faulty.struck ?? 'no call'} failed`;
  const types = Object.fromEntries(Object.entries(TYPES).map(([name, handler]) => [`${name}-${run}`, handler]));
  await using fixture = await openEngine({ types, spy: spyOn(faulty.store, { isShared }) });
  faulty.arm();
  const stage = { fixture, truth, run };
  const good = await submit(stage, 'good', { input: run });
  const flaky = await submit(stage, 'flaky', { retry: { attempts: 9 } });
  const doomed = await submit(stage, 'doomed', { retry: { attempts: 9 } });
  const ahead = await submit(stage, 'good', { delayMs: 3_600_000 });
  const endless = await submit(stage, 'endless', { retry: { attempts: 9 }, timeoutMs: 3_600_000 });
  await again(stage, () => fixture.engine.cancel(TENANT, ahead));
  await until(stage, where, [endless], ({ state }) => state === 'running');
  await again(stage, () => fixture.engine.cancel(TENANT, endless));
  await until(stage, where, [good, flaky, doomed, ahead, endless], ({ state }) => isFinal(state));
  await compare(stage, where, {
    [good]: 'succeeded',
    [flaky]: 'succeeded',
    [doomed]: 'failed',
    [ahead]: 'cancelled',
    [endless]: 'cancelled',
  });
  await again(stage, () => fixture.engine.retry(TENANT, ahead));
  await until(stage, where, [ahead], ({ state }) => state === 'succeeded');
  const removed = await again(stage, () => fixture.engine.remove(TENANT, doomed));
  assert.ok(removed.kind === 'done' || removed.kind === 'gone', `${where()}: remove was ${removed.kind}`);
  assert.deepEqual((await truth.read([{ id: doomed }]))[0]?.kind, 'gone', where());
  assert.deepEqual(await resultText(truth, good), JSON.stringify({ echo: run }), where());
  assert.deepEqual(await resultText(truth, flaky), '"worked"', where());
  await compare(stage, where, {
    [good]: 'succeeded',
    [flaky]: 'succeeded',
    [ahead]: 'succeeded',
    [endless]: 'cancelled',
  });
  await assertNothingElse(stage, where);
}

/** Submits until it is acknowledged, as callers do; the key makes one job of all tries. */
async function submit(stage: Stage, type: string, request: Partial<SubmitRequest>): Promise<string> {
  const { engine } = stage.fixture;
  const name = `${type}-${stage.run}`;
  const idempotencyKey = `${name}-${JSON.stringify(request)}`;
  const [outcome] = await again(stage, () =>
    engine.submit([{ tenant: TENANT, type: name, idempotencyKey, ...request }]),
  );
  assert.ok(outcome?.kind === 'created' || outcome?.kind === 'existing', `submit was ${outcome?.kind}`);
  return outcome.snapshot.job.id;
}

async function again<T>({ fixture }: Stage, call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries === TRIES || !(error instanceof BideError) || error.kind !== 'unavailable') throw error;
      await fixture.advance(1_000);
    }
  }
}

async function until(
  { fixture, truth }: Stage,
  where: () => string,
  ids: readonly string[],
  isWanted: (job: Job) => boolean,
): Promise<void> {
  for (let step = 0; step < STEPS; step += 1) {
    if ((await jobsOf(truth, ids)).every(isWanted)) return;
    await fixture.advance(STEP_MS);
  }
  assert.fail(`${where()}: ${JSON.stringify(await jobsOf(truth, ids), null, 1)}`);
}

async function jobsOf(store: Store, ids: readonly string[]): Promise<readonly Job[]> {
  const reads = await store.read(ids.map((id) => ({ id })));
  return reads.flatMap((read) => (read.kind === 'found' ? [read.job] : []));
}

/** The states are as wanted, and the engine shows each job as it is stored. */
async function compare(stage: Stage, where: () => string, wanted: Readonly<Record<string, string>>): Promise<void> {
  const ids = Object.keys(wanted);
  const stored = await jobsOf(stage.truth, ids);
  assert.deepEqual(Object.fromEntries(stored.map(({ id, state }) => [id, state])), wanted, where());
  const lookups = await again(stage, () => stage.fixture.engine.read(TENANT, ids));
  const shown = lookups.map((lookup) => (lookup.kind === 'found' ? lookup.snapshot.job : lookup));
  assert.deepEqual(shown, stored, where());
}

async function resultText(store: Store, id: string): Promise<string | null> {
  const [result] = await store.readResult([{ id }]);
  return result === null || result === undefined ? null : new TextDecoder().decode(result.bytes);
}

/** No job of this run but those that were acknowledged: a submit that was tried twice made one. */
async function assertNothingElse({ truth, run }: Stage, where: () => string): Promise<void> {
  const types = Object.keys(TYPES).map((name) => `${name}-${run}`);
  const jobs = await truth.list({ tenant: TENANT, types, limit: 100 });
  assert.deepEqual(
    jobs.map(({ state }) => state).toSorted(),
    ['cancelled', 'succeeded', 'succeeded', 'succeeded'],
    where(),
  );
}
