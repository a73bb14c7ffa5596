/** Races: many claimers, and commands that exclude each other; exactly one wins, and the loser is told. */
import assert from 'node:assert/strict';
import { type Command, decide, expectedStates } from '../../core/decide.ts';
import type { Job } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { ApplyOutcome, GuardedPatch, Store } from '../contract.ts';
import { at, claimOne, claimSome, first, insertJob, LEASE_MS, NOW, newJob, readJob, textResult } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

/** Rounds of each race: the loser of a lost update shows within a few. */
const ROUNDS = 25;

export const contention: Topic = [
  test('claim gives each of 400 jobs to one of 16 claimers when they claim at once', async (context) => {
    const stores = await handles(context);
    await context.store.insert(Array.from({ length: 400 }, () => newJob(context)));
    const claimers = Array.from({ length: 16 }, (_, index) =>
      claimAll({ ...context, store: at(stores, index % stores.length) }, `worker-${index}`),
    );
    const claimed = (await Promise.all(claimers)).flat();
    assert.equal(claimed.length, 400);
    assert.equal(new Set(claimed.map(({ id }) => id)).size, 400);
    assert.ok(claimed.every(({ fence, attempt }) => fence === 1 && attempt === 1));
  }),

  test('claim gives each job to one claimer when jobs come in meanwhile', async (context) => {
    const stores = await handles(context);
    const inserts = Array.from({ length: 20 }, () =>
      context.store.insert(Array.from({ length: 5 }, () => newJob(context))),
    );
    const early = Promise.all(stores.map((store, index) => claimAll({ ...context, store }, `early-${index}`)));
    await Promise.all(inserts);
    const late = Promise.all(stores.map((store, index) => claimAll({ ...context, store }, `late-${index}`)));
    const claimed = [...(await early), ...(await late)].flat();
    assert.equal(claimed.length, 100);
    assert.equal(new Set(claimed.map(({ id }) => id)).size, 100);
  }),

  test('claim runs one job of a sequence at a time when many claimers compete for it', async (context) => {
    const stores = await handles(context);
    await context.store.insert(Array.from({ length: 6 }, () => newJob(context, { sequenceKey: 's' })));
    for (let round = 0; round < 6; round += 1) {
      const claims = Array.from({ length: 8 }, (_, index) =>
        claimSome({ ...context, store: at(stores, index % stores.length) }, 3),
      );
      const claimed = (await Promise.all(claims)).flat();
      assert.equal(claimed.length, 1, `round ${round}`);
      await settle(context.store, first(claimed).job, SUCCEED);
    }
  }),

  test('claim runs a sequence in order and one at a time when its jobs come in, are cancelled and end at once', async (context) => {
    const stores = await handles(context);
    const ran = await runSequence(context, stores);
    assert.deepEqual(
      ran,
      ran.toSorted((a, b) => a - b),
    );
    const left = await context.store.count({ tenant: context.tenant, states: ['waiting', 'running'] });
    assert.deepEqual(left, [], 'jobs of the sequence are stuck');
  }),

  test('apply lets exactly one of many writers through when all saw the same revision', async (context) => {
    const stores = await handles(context);
    for (let round = 0; round < ROUNDS; round += 1) {
      const job = await insertJob(context);
      const outcomes = await race(
        job,
        Array.from({ length: 8 }, () => CANCEL),
        stores,
      );
      assert.deepEqual(kindsOf(outcomes), ['applied', ...Array(7).fill('stale')]);
    }
  }),

  test('apply lets exactly one through when a cancelled job is stopped while its worker succeeds', async (context) => {
    const stores = await handles(context);
    for (let round = 0; round < ROUNDS; round += 1) {
      await insertJob(context);
      const running = await settle(context.store, await claimOne(context), CANCEL);
      const outcomes = await race(running, round % 2 === 0 ? [STOP, SUCCEED] : [SUCCEED, STOP], stores);
      await assertOneOutcome(context.store, running, outcomes);
    }
  }),

  test('apply lets exactly one through when a lease is lost while its worker succeeds', async (context) => {
    const stores = await handles(context);
    for (let round = 0; round < ROUNDS; round += 1) {
      await insertJob(context, { retry: { attempts: 1, backoffMs: 0, factor: 1, maxMs: 0 } });
      const running = await claimOne(context);
      const outcomes = await race(running, round % 2 === 0 ? [LOSE, SUCCEED] : [SUCCEED, LOSE], stores);
      await assertOneOutcome(context.store, running, outcomes);
    }
  }),

  test('apply refuses the late success of a worker when the job was claimed by another', async (context) => {
    await insertJob(context);
    const old = await claimOne(context);
    const waiting = await settle(context.store, old, LOSE);
    const now = Math.max(waiting.runAt, NOW + LEASE_MS);
    const taken = await claimOne(context, now);
    assert.equal(taken.id, old.id);
    const late = guarded(old, SUCCEED, { fence: old.fence });
    const outcome = first(await context.store.apply([late]));
    assert.deepEqual(outcome, { kind: 'stale', job: taken });
    assert.deepEqual(await context.store.readResult([{ id: old.id }]), [null]);
  }),

  test('apply of a cancel and a claim leave one truth when they race', async (context) => {
    const stores = await handles(context);
    for (let round = 0; round < ROUNDS; round += 1) {
      const job = await insertJob(context);
      const other = { ...context, store: at(stores, stores.length - 1) };
      const [claimed, outcome] = await Promise.all([claimSome(other, 1), context.store.apply([guarded(job, CANCEL)])]);
      const now = await readJob(context.store, job.id);
      assert.equal(now.state, claimed.length === 1 ? 'running' : 'cancelled');
      assert.equal(first(outcome).kind, claimed.length === 1 ? 'stale' : 'applied');
      if (claimed.length === 1) await settle(context.store, now, SUCCEED);
    }
  }),
];

const CANCEL: CommandOf = () => ({ kind: 'cancel' });
const STOP: CommandOf = ({ fence }) => ({ kind: 'stop', fence });
const LOSE: CommandOf = ({ fence }) => ({ kind: 'lose', fence, random: 0 });
const SUCCEED: CommandOf = ({ fence }) => ({
  kind: 'succeed',
  fence,
  result: { contentType: 'application/json', bytes: 4 },
});

type CommandOf = (job: Job) => Command;

/** After every lease of the test has run out. */
const LATER = NOW + LEASE_MS;

function guarded(job: Job, commandOf: CommandOf, guard: { readonly fence?: number } | null = null): GuardedPatch {
  const command = commandOf(job);
  const decision = decide(job, command, LATER);
  assert.ok(decision.kind === 'accepted', JSON.stringify(decision));
  const expect = { states: expectedStates(command.kind), ...(guard ?? { revision: job.revision }) };
  const base = { id: job.id, expect, patch: decision.patch, now: LATER };
  return command.kind === 'succeed' ? { ...base, result: textResult('null') } : base;
}

async function race(
  job: Job,
  commands: readonly CommandOf[],
  stores: readonly Store[],
): Promise<readonly ApplyOutcome[]> {
  const calls = commands.map((command, index) => at(stores, index % stores.length).apply([guarded(job, command)]));
  return (await Promise.all(calls)).flat();
}

async function settle(store: Store, job: Job, command: CommandOf): Promise<Job> {
  const outcome = first(await store.apply([guarded(job, command)]));
  assert.ok(outcome.kind === 'applied');
  return outcome.job;
}

/** One was applied, the other saw what it had become, and that is what is stored, its result with it or none. */
async function assertOneOutcome(store: Store, before: Job, outcomes: readonly ApplyOutcome[]): Promise<void> {
  assert.deepEqual(kindsOf(outcomes), ['applied', 'stale']);
  const stored = await readJob(store, before.id);
  assert.equal(stored.revision, before.revision + 1);
  for (const outcome of outcomes) assert.deepEqual(outcome.kind !== 'missing' && outcome.job, stored);
  const [result] = await store.readResult([{ id: before.id }]);
  assert.equal(result !== null, stored.state === 'succeeded');
}

function kindsOf(outcomes: readonly ApplyOutcome[]): readonly string[] {
  return outcomes.map(({ kind }) => kind).toSorted();
}

/** Inserters that each bring one job of the sequence after another, and how many. */
const INSERTERS = 4;
const JOBS_EACH = 12;
/** Claims of one worker before a job that does not come is taken as stuck: each job costs a few. */
const CLAIMS_MAX = 20_000;

/** Numbers of the jobs that ran, in the order in which they were claimed. */
async function runSequence(context: Context, stores: readonly Store[]): Promise<readonly number[]> {
  const ran: number[] = [];
  let left = INSERTERS * JOBS_EACH;
  let running = 0;
  const insertAll = async (store: Store, inserter: number) => {
    for (let index = 0; index < JOBS_EACH; index += 1) {
      const job = await insertJob({ ...context, store }, { sequenceKey: 's' });
      // It may have run to its end before it was read.
      if ((index + inserter) % 3 !== 0 || isFinal(job.state)) continue;
      const expect = { states: ['waiting'] as const };
      const outcome = first(await store.apply([{ ...guarded(job, CANCEL), expect }]));
      if (outcome.kind === 'applied') left -= 1;
    }
  };
  const work = async (store: Store) => {
    for (let claims = 0; left > 0 && claims < CLAIMS_MAX; claims += 1) {
      for (const { job } of await claimSome({ ...context, store }, 3)) {
        running += 1;
        assert.equal(running, 1, `job ${job.number} runs beside another one`);
        ran.push(job.number);
        await store.ping();
        running -= 1;
        await settle(store, job, SUCCEED);
        left -= 1;
      }
    }
  };
  await Promise.all([
    ...Array.from({ length: INSERTERS }, (_, index) => insertAll(at(stores, index % stores.length), index)),
    ...stores.map(work),
  ]);
  return ran;
}

/** Two more handles where the engine is shared: then every race goes over three. */
async function handles({ store, opened }: Context): Promise<readonly Store[]> {
  if (opened.another === undefined) return [store];
  return [store, await opened.another(), await opened.another()];
}

/** Claims three at a time until nothing is left. */
async function claimAll(context: Context, worker: string): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (;;) {
    const claimed = await claimSome(context, 3, { worker });
    for (const { job } of claimed) {
      assert.equal(job.worker, worker);
      jobs.push(job);
    }
    if (claimed.length === 0) return jobs;
  }
}
