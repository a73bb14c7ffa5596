/** State changes on their way to a callback: none lost, none made up, in order, held by one at a time. */
import assert from 'node:assert/strict';
import type { JobSpec } from '../../core/job.ts';
import { DELIVERY_LANES, type Delivery } from '../contract.ts';
import {
  at,
  claimOne,
  claimSome,
  fail,
  first,
  insertJob,
  insertJobs,
  LEASE_MS,
  NOW,
  newJob,
  succeed,
  take,
} from './fixtures.ts';
import { alone, type Context, type Topic } from './suite.ts';

const CALLBACK: Partial<JobSpec> = { callbackUrl: 'http://127.0.0.1:1/hook' };
const LATER = NOW + 1_000_000;

export const deliveries: Topic = [
  alone('deliveryClaim hands out the change that the submit was', async (context) => {
    const origin = { dialect: 'native', data: { a: [1] } };
    const job = await insertJob(context, { ...CALLBACK, origin });
    const delivery = first(await claim(context));
    assert.ok(delivery.number > 0);
    assert.deepEqual(delivery, {
      number: delivery.number,
      jobId: job.id,
      tenant: context.tenant,
      revision: 1,
      state: 'waiting',
      url: job.callbackUrl,
      lane: delivery.lane,
      origin,
      attempt: 1,
      at: NOW,
      fence: delivery.fence,
    });
  }),

  alone('deliveryClaim gives tenants their turns, however many deliveries one of them has', async (context) => {
    const tenants = ['a', 'b', 'c'].map((name) => `${context.tenant}-${name}`);
    const [a = '', b = '', c = ''] = tenants;
    for (let job = 0; job < 5; job += 1) await insertJob(context, { ...CALLBACK, tenant: a });
    await insertJob(context, { ...CALLBACK, tenant: b });
    for (let job = 0; job < 2; job += 1) await insertJob(context, { ...CALLBACK, tenant: c });
    const turn = async (more: object) => {
      const taken = await context.store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 3, ...more });
      return taken.map(({ tenant }) => tenant).sort();
    };
    assert.deepEqual(await turn({ eachMax: 1 }), [a, b, c]);
    assert.deepEqual(await turn({ eachMax: 2, max: 2, after: b }), [a, c]);
    assert.deepEqual(await turn({ busy: [a], after: a }), []);
    assert.deepEqual(await turn({ after: c }), [a, a, a]);
    assert.deepEqual(await turn({}), []);
  }),

  alone('deliveryClaim gives the endpoints of a tenant their turns, whatever their paths', async (context) => {
    const slow = 'http://slow.example:1';
    for (let job = 0; job < 5; job += 1) await insertJob(context, { callbackUrl: `${slow}/${job}?x` });
    await insertJob(context, { callbackUrl: 'http://other.example/hook' });
    const turn = async (more: object) => {
      const claimed = await context.store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 9, ...more });
      return {
        lanes: new Set(claimed.map(({ lane }) => lane)),
        urls: claimed.map(({ url }) => new URL(url).host).sort(),
      };
    };
    const first = await turn({ laneMax: 1 });
    assert.deepEqual(first.urls, ['other.example', 'slow.example:1']);
    assert.equal(first.lanes.size, 2);
    await insertJob(context, { callbackUrl: 'http://other.example/hook' });
    const one = await turn({ max: 1 });
    const [lane = 0] = one.lanes;
    const two = await turn({ max: 1, firstLane: (lane + 1) % DELIVERY_LANES });
    assert.notDeepEqual(two.urls, one.urls);
    await insertJob(context, { callbackUrl: 'http://other.example/hook' });
    const [otherLane = 0] = one.urls[0] === 'other.example' ? one.lanes : two.lanes;
    const rest = await turn({ busyLanes: [{ tenant: context.tenant, lane: otherLane }], firstLane: otherLane });
    assert.deepEqual(rest.urls, ['slow.example:1', 'slow.example:1', 'slow.example:1']);
    assert.deepEqual((await turn({})).urls, ['other.example']);
  }),

  alone('deliveryClaim hands out nothing when no job has a callback or nothing was stored', async (context) => {
    await insertJobs(context, [{}, {}]);
    await claimOne(context);
    assert.deepEqual(await claim(context), []);
    const job = await insertJob(context, CALLBACK);
    await assert.rejects(context.store.insert([newJob(context, CALLBACK), newJob(context, { id: job.id })]));
    const stale = { id: job.id, expect: { states: ['failed'] as const }, patch: { state: 'running' as const } };
    await context.store.apply([stale]);
    assert.equal((await claim(context)).length, 1);
  }),

  alone('deliveryClaim hands out every change of state of a job, in order, one after another', async (context) => {
    const job = await insertJob(context, CALLBACK);
    await claimOne(context);
    await take(context.store, job.id, { kind: 'report', fence: 1, percent: 50 }, NOW + 1);
    const waiting = await take(
      context.store,
      job.id,
      { kind: 'fail', fence: 1, failure: { code: 'X', message: 'x', details: null }, isRetryable: true, random: 0 },
      NOW + 2,
    );
    await succeed(context.store, await claimOne(context, waiting.runAt), waiting.runAt + 1);
    const seen: Delivery[] = [];
    for (let step = 0; step < 5; step += 1) {
      const claimed = await claim(context, LATER);
      assert.equal(claimed.length, 1, `step ${step}`);
      assert.deepEqual(await claim(context, LATER), []);
      assert.deepEqual(await settle(context, first(claimed), null), [true]);
      seen.push(first(claimed));
    }
    assert.deepEqual(await claim(context, LATER), []);
    assert.deepEqual(
      seen.map(({ state, revision, at: when }) => [state, revision, when]),
      [
        ['waiting', 1, NOW],
        ['running', 2, NOW],
        ['waiting', 4, NOW + 2],
        ['running', 5, waiting.runAt],
        ['succeeded', 6, waiting.runAt + 1],
      ],
    );
    assert.ok(seen.every(({ number }, index) => index === 0 || number > at(seen, index - 1).number));
  }),

  alone('deliveryClaim hands out the oldest change of each of several jobs, up to max', async (context) => {
    const jobs = await insertJobs(context, [CALLBACK, CALLBACK, CALLBACK]);
    await claimSome(context, 3);
    const two = await claim(context, NOW, 2);
    const one = await claim(context, NOW, 2);
    assert.deepEqual(
      [...two, ...one].map(({ jobId, state }) => [jobId, state]),
      jobs.map(({ id }) => [id, 'waiting']),
    );
  }),

  alone('deliveryClaim hands a delivery out again when the lease of its holder is over', async (context) => {
    await insertJob(context, CALLBACK);
    const held = first(await claim(context));
    assert.deepEqual(await claim(context, NOW + LEASE_MS - 1), []);
    const again = first(await claim(context, NOW + LEASE_MS));
    assert.equal(again.number, held.number);
    assert.equal(again.attempt, 2);
    assert.ok(again.fence > held.fence);
    assert.deepEqual(await settle(context, held, null), [false]);
    assert.deepEqual(await settle(context, again, null), [true]);
    assert.deepEqual(await claim(context, LATER), []);
  }),

  alone('deliverySettle has a delivery tried again at the given time and not before', async (context) => {
    await insertJob(context, CALLBACK);
    const held = first(await claim(context));
    assert.deepEqual(await settle(context, held, NOW + 500), [true]);
    assert.deepEqual(await settle(context, held, null), [false]);
    assert.deepEqual(await claim(context, NOW + 499), []);
    const again = first(await claim(context, NOW + 500));
    assert.equal(again.number, held.number);
    assert.equal(again.attempt, 2);
  }),

  alone('deliverySettle keeps later changes back while an earlier one is tried again', async (context) => {
    await insertJob(context, CALLBACK);
    await claimOne(context);
    const held = first(await claim(context));
    await settle(context, held, NOW + 500);
    assert.deepEqual(await claim(context, NOW + 499), []);
    const again = first(await claim(context, NOW + 500));
    assert.equal(again.state, 'waiting');
    await settle(context, again, null);
    assert.equal(first(await claim(context, NOW + 500)).state, 'running');
  }),

  alone('deliverySettle answers in the order of the batch', async (context) => {
    await insertJobs(context, [CALLBACK, CALLBACK]);
    const [one, two] = await claim(context);
    assert.ok(one !== undefined && two !== undefined);
    const batch = [
      { number: two.number, fence: two.fence + 1, retryAt: null },
      { number: one.number, fence: one.fence, retryAt: null },
      { number: 987_654, fence: 1, retryAt: NOW },
      { number: two.number, fence: two.fence, retryAt: NOW },
    ];
    assert.deepEqual(await context.store.deliverySettle(batch), [false, true, false, true]);
    assert.deepEqual(await context.store.deliverySettle([]), []);
  }),

  alone('deliveryClaim gives each delivery to one of many claimers when they claim at once', async (context) => {
    const other = (await context.opened.another?.()) ?? context.store;
    await insertJobs(context, Array(30).fill(CALLBACK));
    const calls = Array.from({ length: 12 }, (_, index) =>
      claim(index % 2 === 0 ? context : { ...context, store: other }, NOW, 5),
    );
    const numbers = (await Promise.all(calls)).flat().map(({ number }) => number);
    assert.equal(numbers.length, 30);
    assert.equal(new Set(numbers).size, 30);
  }),

  alone('remove takes the deliveries of the job with it', async (context) => {
    await insertJob(context, CALLBACK);
    const failed = await fail(context.store, await claimOne(context), false);
    const held = first(await claim(context));
    await context.store.remove([{ id: failed.id, revision: failed.revision, now: NOW, goneUntil: LATER }]);
    assert.deepEqual(await settle(context, held, null), [false]);
    assert.deepEqual(await claim(context, LATER), []);
  }),

  alone('deliveryClaim hands out what was not settled when the store is opened again', async (context) => {
    await insertJob(context, CALLBACK);
    await claim(context);
    const store = await context.opened.reopen();
    assert.equal((await claim({ ...context, store }, NOW + LEASE_MS)).length, 1);
  }),
];

function claim({ store }: Context, now = NOW, max = 10): Promise<readonly Delivery[]> {
  return store.deliveryClaim({ now, leaseMs: LEASE_MS, max });
}

function settle({ store }: Context, { number, fence }: Delivery, retryAt: number | null): Promise<readonly boolean[]> {
  return store.deliverySettle([{ number, fence, retryAt }]);
}
