/** Claims of a type that several tenants wait for: who gets which of the slots. */
import assert from 'node:assert/strict';
import { sharesOf, startOf, type Turn, turnAfter, weightOf } from '../../core/fairness/turns.ts';
import type { Job, JobSpec } from '../../core/job.ts';
import { STEPS_MORE } from '../claim-walk.ts';
import type { ClaimRequest } from '../contract.ts';
import { claimedIds, claimSome, first, idsOf, insertJobs, LEASE_MS, NOW, newJob, WORKER } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

export const fairness: Topic = [
  test('claim gives a slot to the other tenant at once when one has 2,000 jobs waiting', async (context) => {
    await insertMany(context, 'a', 2_000);
    await claimNames(context, 4);
    await insertMany(context, 'b', 1, { priority: -5, runAt: NOW });
    assert.deepEqual(await claimNames(context, 4), { a: 3, b: 1 });
    assert.deepEqual(await claimNames(context, 4), { a: 4 });
  }),

  test('claim goes round the tenants one by one when one slot becomes free at a time', async (context) => {
    for (const name of ['a', 'b', 'c']) await insertMany(context, name, 4);
    const got: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) got.push(...Object.keys(await claimNames(context, 1)));
    assert.equal(got.join(''), 'abcabc');
  }),

  test('claim gives 3:1 when the weights are 3:1, with one slot at a time and with many', async (context) => {
    const weights = { [`${context.tenant}-a`]: 3 };
    for (const name of ['a', 'b']) await insertMany(context, name, 60);
    const got: string[] = [];
    for (let turn = 0; turn < 8; turn += 1) got.push(...Object.keys(await claimNames(context, 1, { weights })));
    assert.equal(got.join(''), 'aaabaaab');
    assert.deepEqual(await claimNames(context, 40, { weights }), { a: 30, b: 10 });
  }),

  test('claim keeps to the order of a tenant, also in slots that others have no jobs for', async (context) => {
    const a = { ...context, tenant: `${context.tenant}-a` };
    const jobs = await insertJobs(a, [
      { priority: 0, runAt: NOW - 50 },
      { priority: 1, runAt: NOW },
      { priority: 5, runAt: NOW - 2 },
      { priority: 5, runAt: NOW - 3 },
      { priority: 0, runAt: NOW - 60 },
      { priority: 5, runAt: NOW - 3 },
    ]);
    await insertMany(context, 'b', 1);
    const claimed = await claimSome(context, 6);
    const own = claimed.filter(({ job }) => job.tenant === a.tenant);
    const wanted = [3, 5, 2, 1, 4].map((index) => (jobs[index] as Job).id);
    assert.deepEqual(claimedIds(own), wanted);
  }),

  test('claim serves each of 200 tenants within one round', async (context) => {
    const specs = Array.from({ length: 600 }, (_, index) => newJob(tenantOf(context, `t${index % 200}`)));
    await context.store.insert(specs);
    const got = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      for (const name of Object.keys(await claimNames(context, 10))) got.add(name);
      assert.equal(got.size, 10 * (round + 1));
    }
  }),

  test('claim finds the one due job behind many tenants whose jobs are due later', async (context) => {
    const ahead = Array.from({ length: STEPS_MORE * 2 }, (_, index) =>
      newJob(tenantOf(context, `t${index}`), { runAt: NOW + 60_000, priority: 3 }),
    );
    await context.store.insert([...ahead, newJob(tenantOf(context, 'z'))]);
    assert.deepEqual(await claimNames(context, 2), { z: 1 });
    assert.deepEqual(await claimNames(context, 2), {});
    assert.equal(await context.store.nextRunAt({ types: [context.type], now: NOW }), NOW + 60_000);
  }),

  test('claim serves a new tenant within a bounded number of claims when many others only wait for their time', async (context) => {
    const ahead = Array.from({ length: STEPS_MORE * 3 }, (_, index) =>
      newJob(tenantOf(context, `m${index}`), { runAt: NOW + 60_000 }),
    );
    await context.store.insert(ahead);
    await insertMany(context, 'a', 40, { runAt: NOW - 10 });
    await insertMany(context, 'z', 1);
    let claims = 0;
    for (let isServed = false; !isServed; claims += 1) isServed = 'z' in (await claimNames(context, 1));
    assert.ok(claims <= 5, `${claims} claims`);
  }),

  test('claim of one tenant leaves the jobs of others, and its turn, alone', async (context) => {
    for (const name of ['a', 'b']) await insertMany(context, name, 5);
    assert.deepEqual(await claimNames(context, 1), { a: 1 });
    const { tenant } = tenantOf(context, 'a');
    const claimed = await claimSome(context, 2, { tenant });
    assert.ok(claimed.length === 2 && claimed.every(({ job }) => job.tenant === tenant));
    assert.deepEqual(await claimNames(context, 1), { b: 1 });
  }),

  test('claim gives each tenant what core says, whoever waits and however many slots there are', async (context) => {
    const weights: Record<string, number> = { [`${context.tenant}-b`]: 2, [`${context.tenant}-d`]: 5 };
    const left = new Map<string, number>();
    let turn: Turn = { tenant: '', credit: 0 };
    for (let round = 0; round < 40; round += 1) {
      const name = first(['a', 'b', 'c', 'd', 'e'].slice(noise(round, 5)));
      const count = noise(round + 100, 9);
      if (count > 0) await insertMany(context, name, count, { priority: noise(round, 3) });
      if (count > 0) left.set(name, (left.get(name) ?? 0) + count);
      const slots = 1 + noise(round + 200, 6);
      const expected = expectedClaim(context, left, { turn, weights, slots });
      const claimed = await claimNames(context, slots, { weights });
      assert.deepEqual(claimed, expected.taken, `round ${round}`);
      turn = expected.turn;
      for (const [owner, jobs] of Object.entries(claimed)) left.set(owner, (left.get(owner) ?? 0) - jobs);
    }
  }),

  test('claim lets a job of a low priority overtake after its time, where the type has agingMs', async (context) => {
    const jobs = await insertJobs(context, [
      { priority: 0, runAt: NOW - 3_500 },
      { priority: 3, runAt: NOW },
      { priority: 3, runAt: NOW - 1_000 },
      { priority: 2, runAt: NOW + 10 },
      { priority: 0, runAt: NOW - 2_000 },
    ]);
    const aged = (max: number) => context.store.claim(request(context, max, { agingMs: 1_000 }));
    const ids = [...(await aged(2)), ...(await aged(5))].map(({ job }) => job.id);
    assert.deepEqual(
      ids,
      [2, 0, 1, 4].map((index) => (jobs[index] as Job).id),
    );
  }),

  test('claim with agingMs takes from each tenant in turn, and only of the tenant when one is named', async (context) => {
    const [low] = await insertJobs(tenantOf(context, 'a'), [{ priority: 0, runAt: NOW - 5_000 }]);
    const high = await insertJobs(tenantOf(context, 'a'), [{ priority: 1 }, { priority: 1 }]);
    await insertMany(context, 'b', 2);
    const claimed = await context.store.claim(request(context, 2, { agingMs: 1_000 }));
    assert.deepEqual(
      namesOf(
        context,
        claimed.map(({ job }) => job.tenant),
      ),
      { a: 1, b: 1 },
    );
    assert.ok(claimedIds(claimed).includes((low as Job).id));
    const { tenant } = tenantOf(context, 'a');
    const own = await context.store.claim({ ...request(context, 3, { agingMs: 1_000 }), tenant });
    assert.deepEqual(claimedIds(own), idsOf(high));
  }),
];

function tenantOf(context: Context, name: string): Context {
  return { ...context, tenant: `${context.tenant}-${name}` };
}

async function insertMany(context: Context, name: string, count: number, over: Partial<JobSpec> = {}): Promise<void> {
  await context.store.insert(Array.from({ length: count }, () => newJob(tenantOf(context, name), over)));
}

function request({ type }: Context, max: number, more: Partial<ClaimRequest['wants'][number]> = {}): ClaimRequest {
  return { wants: [{ type, max, ...more }], max, tenant: null, worker: WORKER, leaseMs: LEASE_MS, now: NOW };
}

/** How many jobs each tenant got. */
async function claimNames(context: Context, max: number, over: Pick<ClaimRequest, 'weights'> = {}) {
  const claimed = await context.store.claim({ ...request(context, max), ...over });
  return namesOf(
    context,
    claimed.map(({ job }) => job.tenant),
  );
}

function namesOf(context: Context, tenants: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const tenant of tenants) {
    const name = tenant.slice(context.tenant.length + 1);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

interface Round {
  readonly turn: Turn;
  readonly weights: Record<string, number>;
  readonly slots: number;
}

function expectedClaim(context: Context, left: ReadonlyMap<string, number>, { turn, weights, slots }: Round) {
  const waiting = [...left]
    .filter(([, due]) => due > 0)
    .map(([name, due]) => ({ tenant: tenantOf(context, name).tenant, due }));
  const order = waiting.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
  const contenders = [
    ...order.filter(({ tenant }) => tenant >= startOf(turn)),
    ...order.filter(({ tenant }) => tenant < startOf(turn)),
  ].map((one) => ({ ...one, weight: weightOf(weights, one.tenant) }));
  const shares = sharesOf(contenders, turn, slots);
  const taken = new Map(contenders.map(({ tenant }, index) => [tenant, shares[index] as number]));
  for (const [tenant, count] of taken) if (count === 0) taken.delete(tenant);
  const isShort = [...taken.values()].reduce((sum, count) => sum + count, 0) < slots;
  return {
    taken: Object.fromEntries([...taken].map(([tenant, count]) => [tenant.slice(context.tenant.length + 1), count])),
    turn: isShort ? { tenant: '', credit: 0 } : turnAfter(turn, taken, weights),
  };
}

/** Some number below `max`, the same in each run. */
function noise(seed: number, max: number): number {
  return Math.floor(((Math.sin(seed * 12.9898) * 43_758.5453) % 1) ** 2 * max) % max;
}
