/** Types that are limited as a whole: over all tenants, workers and processes. */
import assert from 'node:assert/strict';
import type { LimitBounds } from '../../core/limit-spec.ts';
import type { ClaimedJob, ClaimRequest } from '../contract.ts';
import { at, insertJobs, LEASE_MS, NOW, newJob, succeed } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

export const typeLimits: Topic = [
  test('claim of a limited type takes no more than its concurrency, whoever claims for whomever', async (context) => {
    const other = { ...context, tenant: `${context.tenant}-2` };
    await insertJobs(context, [{}, {}, {}]);
    await insertJobs(other, [{}, {}, {}]);
    const limit = { concurrency: 3 };
    const first = await claimLimited(context, limit, { max: 2 });
    assert.equal(first.length, 2);
    assert.equal((await claimLimited(context, limit, { max: 9, worker: 'w2', tenant: other.tenant })).length, 1);
    assert.equal((await claimLimited(context, limit, { max: 9 })).length, 0);
    await succeed(context.store, at(first, 0).job);
    assert.equal((await claimLimited(context, limit, { max: 9 })).length, 1);
  }),

  test('claim of a limited type starts no more than its rate in any stretch, and goes on when the oldest is over', async (context) => {
    await insertJobs(context, Array(8).fill({}));
    const limit = { rate: { count: 3, perMs: 1_000 } };
    assert.equal((await claimLimited(context, limit, { max: 2, now: NOW })).length, 2);
    assert.equal((await claimLimited(context, limit, { max: 5, now: NOW + 400 })).length, 1);
    assert.deepEqual(await context.store.startsOf([context.type, 'no-such-type']), [
      {
        type: context.type,
        starts: [
          [NOW, 2],
          [NOW + 400, 1],
        ],
      },
    ]);
    assert.equal((await claimLimited(context, limit, { max: 5, now: NOW + 999 })).length, 0);
    assert.equal((await claimLimited(context, limit, { max: 5, now: NOW + 1_000 })).length, 2);
    assert.equal((await claimLimited(context, limit, { max: 5, now: NOW + 1_399 })).length, 0);
    assert.equal((await claimLimited(context, limit, { max: 5, now: NOW + 1_400 })).length, 1);
  }),

  test('claim counts against a rate only what was there to take', async (context) => {
    await insertJobs(context, [{}]);
    const limit = { rate: { count: 2, perMs: 1_000 } };
    assert.equal((await claimLimited(context, limit, { max: 9 })).length, 1);
    assert.equal((await claimLimited(context, limit, { max: 9, now: NOW + 1 })).length, 0);
    await insertJobs(context, [{}, {}]);
    assert.equal((await claimLimited(context, limit, { max: 9, now: NOW + 2 })).length, 1);
  }),

  test('claim leaves other types as they are when one of them is limited', async (context) => {
    const free = { ...context, type: `${context.type}-free` };
    await insertJobs(context, [{}, {}, {}]);
    await insertJobs(free, [{}, {}, {}]);
    const wants = [
      { type: context.type, max: 3, cluster: { concurrency: 1 } },
      { type: free.type, max: 3 },
    ];
    const claimed = await context.store.claim({ ...requestOf(context, {}), wants, max: 6 });
    const counts = [context, free].map(({ type }) => claimed.filter(({ job }) => job.type === type).length);
    assert.deepEqual(counts, [1, 3]);
  }),

  test('claim never has more of a limited type running than its concurrency when three processes claim at once', async (context) => {
    const stores = await handles(context, 3);
    await context.store.insert(Array.from({ length: 60 }, () => newJob(context)));
    let running = 0;
    let runningMax = 0;
    let done = 0;
    const limit = { concurrency: 3, rate: { count: 1_000, perMs: 1_000 } };
    const work = async (store: Context['store'], worker: string) => {
      while (done < 60) {
        const claimed = await claimLimited({ ...context, store }, limit, { max: 2, worker });
        running += claimed.length;
        runningMax = Math.max(runningMax, running);
        for (const { job } of claimed) {
          // Before the end is on its way: the next claim may count on it from then on.
          running -= 1;
          done += 1;
          await succeed(store, job);
        }
      }
    };
    await Promise.all(stores.map((store, index) => work(store, `w${index}`)));
    assert.equal(done, 60);
    assert.ok(runningMax <= 3, `${runningMax} at once`);
    const [use] = await context.store.startsOf([context.type]);
    assert.equal(
      use?.starts.reduce((sum, [, count]) => sum + count, 0),
      60,
    );
  }),
];

interface Asked extends Partial<Pick<ClaimRequest, 'worker' | 'now' | 'tenant'>> {
  readonly max: number;
}

function requestOf({ type }: Context, { max = 1, ...over }: Partial<Asked>): ClaimRequest {
  return { wants: [{ type, max }], max, tenant: null, worker: 'w1', leaseMs: LEASE_MS, now: NOW, ...over };
}

function claimLimited(context: Context, cluster: LimitBounds, asked: Asked): Promise<readonly ClaimedJob[]> {
  const wants = [{ type: context.type, max: asked.max, cluster }];
  return context.store.claim({ ...requestOf(context, asked), wants });
}

async function handles({ store, opened }: Context, count: number): Promise<Context['store'][]> {
  const stores = [store];
  while (stores.length < count) stores.push((await opened.another?.()) ?? store);
  return stores;
}
