/** Lists and counts: filters, order and paging. */
import assert from 'node:assert/strict';
import type { Job } from '../../core/job.ts';
import type { Count, ListFilter } from '../contract.ts';
import {
  at,
  claimOne,
  claimSome,
  fail,
  failure,
  idsOf,
  insertJob,
  insertJobs,
  NOW,
  succeed,
  take,
} from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

export const listing: Topic = [
  test('list answers the jobs of the tenant, newest first unless told', async (context) => {
    const jobs = await insertJobs(context, [{}, {}, {}]);
    assert.deepEqual(await list(context), jobs.toReversed());
    assert.deepEqual(await list(context, { order: 'newest' }), jobs.toReversed());
    assert.deepEqual(await list(context, { order: 'oldest' }), jobs);
    assert.deepEqual(await list({ ...context, tenant: `${context.tenant}-2` }), []);
  }),

  test('list pages through everything once, either way, when jobs come in meanwhile', async (context) => {
    const jobs = await insertJobs(context, Array(25).fill({}));
    for (const order of ['newest', 'oldest'] as const) {
      const seen: Job[] = [];
      let after: number | undefined;
      do {
        const page = await list(context, { order, limit: 4, ...(after === undefined ? {} : { after }) });
        assert.ok(page.length <= 4);
        seen.push(...page);
        after = page.at(-1)?.number;
        if (order === 'newest') await insertJob(context);
      } while (after !== undefined);
      const known = new Set(jobs.map(({ id }) => id));
      const early = seen.filter(({ id }) => known.has(id));
      assert.deepEqual(early, order === 'newest' ? jobs.toReversed() : jobs);
      assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length);
    }
  }),

  test('list answers only jobs in the wanted states', async (context) => {
    const jobs = await someOfEach(context);
    for (const state of ['waiting', 'running', 'succeeded', 'failed', 'cancelled'] as const) {
      assert.deepEqual(
        await list(context, { states: [state] }),
        jobs.filter((job) => job.state === state).toReversed(),
      );
    }
    const troubled = jobs.filter(({ state }) => state === 'failed' || state === 'cancelled').toReversed();
    assert.deepEqual(await list(context, { states: ['failed', 'cancelled', 'expired'] }), troubled);
    assert.deepEqual(await list(context, { states: [] }), []);
  }),

  alone('list pages through jobs of several states when most are in none of them', async (context) => {
    for (let round = 0; round < 4; round += 1) {
      await insertJobs(context, Array(6).fill({}));
      for (const { job } of await claimSome(context, 5)) await succeed(context.store, job);
      await someOfEach(context);
    }
    const all = await list(context, { limit: 200 });
    const wanted = [
      ['waiting', 'running'],
      ['running', 'failed'],
      ['waiting', 'cancelled', 'expired', 'failed'],
    ] as const;
    for (const states of wanted) {
      const expected = all.filter(({ state }) => states.some((one) => one === state));
      assert.ok(expected.length >= 4);
      for (const order of ['newest', 'oldest'] as const) {
        const inOrder = order === 'newest' ? expected : expected.toReversed();
        assert.deepEqual(await pagedIds(context, { states, order }), idsOf(inOrder));
        assert.deepEqual(await pagedIds(context, { states, order, types: [context.type] }), idsOf(inOrder));
        assert.deepEqual(await pagedIds(context, { states, order, types: ['other'] }), []);
      }
    }
  }),

  test('list answers only jobs of the wanted types', async (context) => {
    const other = { ...context, type: `${context.type}-2` };
    const [mine] = await insertJobs(context, [{}]);
    const [theirs] = await insertJobs(other, [{}]);
    assert.deepEqual(await list(context, { types: [context.type] }), [mine]);
    assert.deepEqual(await list(context, { types: [other.type, context.type] }), [theirs, mine]);
    assert.deepEqual(await list(context, { types: ['no such type'] }), []);
    assert.deepEqual(await list(context, { types: [] }), []);
  }),

  test('list answers only jobs that have every wanted tag', async (context) => {
    const jobs = await insertJobs(context, [
      { tags: { team: 'x', env: 'prod' } },
      { tags: { team: 'x' } },
      { tags: { team: 'y', env: 'prod' } },
      {},
      { tags: { env: 'x' } },
    ]);
    assert.deepEqual(await list(context, { tags: { team: 'x' } }), [at(jobs, 1), at(jobs, 0)]);
    assert.deepEqual(await list(context, { tags: { env: 'prod', team: 'x' } }), [at(jobs, 0)]);
    assert.deepEqual(await list(context, { tags: { team: 'X' } }), []);
    assert.deepEqual(await list(context, { tags: { team: '%' } }), []);
    assert.deepEqual(await list(context, { tags: {} }), jobs.toReversed());
    assert.deepEqual(await list(context, { tags: { team: 'x' }, limit: 1, after: at(jobs, 1).number }), [at(jobs, 0)]);
  }),

  test('list answers only jobs created in the wanted time, its end left out', async (context) => {
    const jobs = await insertJobs(context, [{ createdAt: NOW }, { createdAt: NOW + 10 }, { createdAt: NOW + 20 }]);
    assert.deepEqual(await list(context, { createdFrom: NOW + 10 }), [at(jobs, 2), at(jobs, 1)]);
    assert.deepEqual(await list(context, { createdBefore: NOW + 10 }), [at(jobs, 0)]);
    assert.deepEqual(await list(context, { createdFrom: NOW + 10, createdBefore: NOW + 20 }), [at(jobs, 1)]);
  }),

  test('list applies all filters at once', async (context) => {
    const wanted = { tags: { a: '1' }, createdAt: NOW + 5 };
    const jobs = await insertJobs(context, [wanted, wanted, { tags: { a: '1' } }, { createdAt: NOW + 5 }, wanted]);
    await take(context.store, at(jobs, 1).id, { kind: 'cancel' });
    const filter = { states: ['waiting'], types: [context.type], tags: { a: '1' }, createdFrom: NOW + 5 } as const;
    assert.deepEqual(await list(context, filter), [at(jobs, 4), at(jobs, 0)]);
    assert.deepEqual(await list(context, { ...filter, order: 'oldest', after: at(jobs, 0).number }), [at(jobs, 4)]);
  }),

  test('list answers finished jobs by the time of their end, either way, page by page', async (context) => {
    const { store } = context;
    await insertJobs(context, Array(6).fill({ tags: { a: '1' } }));
    const [one, two, three, four] = (await claimSome(context, 5)).map(({ job }) => job);
    assert.ok(one && two && three && four);
    const ended = [
      await fail(store, three, false, NOW + 10),
      await succeed(store, one, NOW + 20),
      await succeed(store, four, NOW + 20),
      await succeed(store, two, NOW + 30),
    ];
    for (const over of [{}, { types: [context.type] }, { tags: { a: '1' } }]) {
      assert.deepEqual(await list(context, { ...over, finished: {} }), ended.toReversed());
      assert.deepEqual(await list(context, { ...over, finished: {}, order: 'oldest' }), ended);
      for (const order of ['newest', 'oldest'] as const) {
        const wanted = order === 'oldest' ? ended : ended.toReversed();
        for (const [index, { finishedAt, number }] of wanted.entries()) {
          const finished = { after: { finishedAt: finishedAt ?? 0, number } };
          assert.deepEqual(
            await list(context, { ...over, finished, order, limit: 1 }),
            wanted.slice(index + 1, index + 2),
          );
        }
      }
    }
    assert.deepEqual(await list(context, { finished: { from: NOW + 20, before: NOW + 30 } }), [ended[2], ended[1]]);
    assert.deepEqual(await list(context, { finished: { before: NOW + 20 } }), [ended[0]]);
    assert.deepEqual(await list(context, { finished: {}, states: ['failed', 'waiting'] }), [ended[0]]);
    assert.deepEqual(await list(context, { finished: {}, states: ['running'] }), []);
    assert.deepEqual(await list(context, { finished: {}, types: ['no such type'] }), []);
    assert.deepEqual(await list({ ...context, tenant: `${context.tenant}-2` }, { finished: {} }), []);
  }),

  test('list answers finished jobs with an error code, whatever is in it', async (context) => {
    const codes = ['BROKEN', 'BROKEN', 'a"b\\c', 'nul\0', 'ünï😀', 'x'.repeat(3_000)];
    await insertJobs(context, Array(codes.length + 1).fill({ tags: { a: '1' } }));
    const claimed = (await claimSome(context, codes.length)).map(({ job }) => job);
    const ended: Job[] = [];
    for (const [index, code] of codes.entries()) {
      const { id, fence } = at(claimed, index);
      const command = { kind: 'fail', fence, failure: failure(code), isRetryable: false, random: 0 } as const;
      ended.push(await take(context.store, id, command, NOW + index));
    }
    for (const over of [
      {},
      { tags: { a: '1' } },
      { types: [context.type], states: ['failed', 'succeeded'] },
    ] as const) {
      const found = (errorCode: string) => list(context, { ...over, finished: { errorCode } });
      assert.deepEqual(await found('BROKEN'), [ended[1], ended[0]]);
      for (const index of [2, 3, 4]) assert.deepEqual(await found(at(codes, index)), [ended[index]]);
      assert.deepEqual(await found('BROKE'), []);
    }
    assert.deepEqual(await list(context, { finished: { errorCode: 'BROKEN', from: NOW + 1 } }), [ended[1]]);
    assert.deepEqual(await list(context, { finished: { errorCode: 'BROKEN' }, states: ['succeeded'] }), []);
  }),

  test('list sees a change when it was acknowledged', async (context) => {
    await insertJob(context);
    const running = await claimOne(context);
    assert.deepEqual(await list(context), [running]);
    const done = await succeed(context.store, running);
    assert.deepEqual(await list(context), [done]);
  }),

  alone('list answers jobs of all tenants when none is named', async (context) => {
    const other = { ...context, tenant: `${context.tenant}-2` };
    const [one] = await insertJobs(context, [{ tags: { a: 'b' } }]);
    const [two] = await insertJobs(other, [{ tags: { a: 'b' } }]);
    const [three] = await insertJobs(context, [{}]);
    assert.deepEqual(await context.store.list({ tenant: null, limit: 10 }), [three, two, one]);
    assert.deepEqual(await context.store.list({ tenant: null, tags: { a: 'b' }, limit: 10 }), [two, one]);
    assert.deepEqual(await context.store.list({ tenant: null, limit: 10, after: three?.number ?? 0 }), [two, one]);
  }),

  test('count answers jobs per type and state of the tenant, empty groups left out', async (context) => {
    const { store, tenant, type } = context;
    assert.deepEqual(await store.count({ tenant }), []);
    await someOfEach(context);
    await insertJob({ ...context, type: `${type}-2` });
    const wanted = [
      { tenant, type, state: 'cancelled', count: 1 },
      { tenant, type, state: 'failed', count: 1 },
      { tenant, type, state: 'running', count: 1 },
      { tenant, type, state: 'succeeded', count: 2 },
      { tenant, type, state: 'waiting', count: 2 },
      { tenant, type: `${type}-2`, state: 'waiting', count: 1 },
    ] as const;
    assert.deepEqual(sorted(await store.count({ tenant })), wanted);
    assert.deepEqual(sorted(await store.count({ tenant, types: [type], states: ['failed', 'waiting'] })), [
      wanted[1],
      wanted[4],
    ]);
  }),

  test('count answers as list does when tags or times are wanted', async (context) => {
    const { store, tenant, type } = context;
    await insertJobs(context, [
      { tags: { a: '1' }, createdAt: NOW },
      { tags: { a: '1' }, createdAt: NOW + 10 },
      { tags: { a: '2' } },
    ]);
    const group = { tenant, type, state: 'waiting' } as const;
    assert.deepEqual(await store.count({ tenant, tags: { a: '1' } }), [{ ...group, count: 2 }]);
    assert.deepEqual(await store.count({ tenant, tags: { a: '1' }, createdFrom: NOW + 10 }), [{ ...group, count: 1 }]);
    assert.deepEqual(await store.count({ tenant, createdBefore: NOW }), []);
    assert.deepEqual(await store.count({ tenant, tags: { a: '1' }, states: ['running'] }), []);
  }),

  test('count answers as list does for finished jobs by the time of their end, error and tag', async (context) => {
    const { store, tenant, type } = context;
    await insertJobs(context, Array(6).fill({ tags: { a: '1', b: '2' } }));
    const [one, two, three, four] = (await claimSome(context, 5)).map(({ job }) => job);
    assert.ok(one && two && three && four);
    await fail(store, one, false, NOW + 10);
    await succeed(store, two, NOW + 20);
    await fail(store, three, false, NOW + 30);
    await succeed(store, four, NOW + 30);
    const errorCode = failure().code;
    const filters: readonly Partial<ListFilter>[] = [
      { finished: {} },
      { finished: { from: NOW + 20 } },
      { finished: { before: NOW + 20 } },
      { finished: { from: NOW + 10, before: NOW + 30 }, states: ['failed'] },
      { finished: { errorCode } },
      { finished: { errorCode, from: NOW + 11 }, types: [type] },
      { finished: { errorCode: 'NO_SUCH' } },
      { finished: {}, states: ['waiting', 'running'] },
      { finished: { from: NOW + 11 }, tags: { a: '1', b: '2' } },
      { finished: {}, tags: { a: '2' } },
      { finished: {}, types: ['no such type'] },
      { finished: {}, createdBefore: NOW },
    ];
    for (const filter of filters) {
      const wanted = new Map<string, number>();
      for (const { state } of await list(context, filter)) wanted.set(state, (wanted.get(state) ?? 0) + 1);
      assert.deepEqual(
        sorted(await store.count({ tenant, ...filter })),
        [...wanted].sort().map(([state, count]) => ({ tenant, type, state, count })),
        JSON.stringify(filter),
      );
    }
  }),

  test('count of jobs that it has to look at stops at the bound', async (context) => {
    const { store, tenant } = context;
    await insertJobs(context, Array(6).fill({ tags: { a: '1' } }));
    for (const { job } of await claimSome(context, 5)) await succeed(store, job, NOW + 1);
    const sum = async (filter: object) =>
      (await store.count({ tenant, ...filter })).reduce((all, { count }) => all + count, 0);
    for (const filter of [{ finished: { from: NOW } }, { tags: { a: '1' } }, { createdFrom: 0 }]) {
      assert.equal(await sum({ ...filter, max: 3 }), 3);
      assert.ok((await sum({ ...filter, max: 100 })) >= 5);
    }
    assert.equal(await sum({}), 6);
  }),

  test('list and count answer jobs that wait behind others of their sequence, and types of which all jobs run', async (context) => {
    const { store, tenant, type } = context;
    const [running] = await insertJobs({ ...context, type: `${type}-2` }, [{}]);
    await claimOne({ ...context, type: `${type}-2` });
    const waiting = await insertJobs(context, Array(3).fill({ sequenceKey: 's' }));
    const newestFirst = [...waiting.toReversed().map(({ id }) => id), running?.id];
    assert.deepEqual(idsOf(await list(context)), newestFirst);
    assert.deepEqual(idsOf(await list(context, { limit: 2 })), newestFirst.slice(0, 2));
    assert.deepEqual(idsOf(await list(context, { types: [`${type}-2`], states: ['running', 'failed'] })), [
      running?.id,
    ]);
    const counts = [
      { tenant, type, state: 'waiting', count: 3 },
      { tenant, type: `${type}-2`, state: 'running', count: 1 },
    ] as const;
    assert.deepEqual(sorted(await store.count({ tenant })), counts);
    assert.deepEqual(sorted(await store.count({ tenant, states: ['waiting', 'running'] })), counts);
    assert.deepEqual(await store.count({ tenant, states: ['running'], types: [type] }), []);
  }),

  test('count goes down when a job is removed', async (context) => {
    const { store, tenant, type } = context;
    await insertJobs(context, [{}, {}]);
    const done = await succeed(store, await claimOne(context));
    await store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.deepEqual(await store.count({ tenant }), [{ tenant, type, state: 'waiting', count: 1 }]);
  }),

  alone('count answers for all tenants when none is named', async (context) => {
    const { store, tenant, type } = context;
    await insertJobs(context, [{}, {}]);
    await insertJob({ ...context, tenant: `${tenant}-2` });
    assert.deepEqual(sorted(await store.count({ tenant: null })), [
      { tenant, type, state: 'waiting', count: 2 },
      { tenant: `${tenant}-2`, type, state: 'waiting', count: 1 },
    ]);
  }),
];

function list({ store, tenant }: Context, over: Partial<ListFilter> = {}): Promise<readonly Job[]> {
  return store.list({ tenant, limit: 100, ...over });
}

async function pagedIds(context: Context, filter: Partial<ListFilter>): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: number | undefined;
  do {
    const page = await list(context, { ...filter, limit: 3, ...(after === undefined ? {} : { after }) });
    ids.push(...idsOf(page));
    after = page.at(-1)?.number;
  } while (after !== undefined);
  return ids;
}

/** Two waiting, one running, two succeeded, one failed, one cancelled; by number. */
async function someOfEach(context: Context): Promise<readonly Job[]> {
  const { store } = context;
  const jobs = await insertJobs(context, Array(7).fill({}));
  const claimed = (await claimSome(context, 4)).map(({ job }) => job);
  const done = [await succeed(store, at(claimed, 0)), await succeed(store, at(claimed, 1))];
  const failed = await fail(store, at(claimed, 2), false);
  const cancelled = await take(store, at(jobs, 5).id, { kind: 'cancel' });
  return [...done, failed, at(claimed, 3), at(jobs, 4), cancelled, at(jobs, 6)];
}

function sorted(counts: readonly Count[]): readonly Count[] {
  const key = ({ tenant, type, state }: Count) => `${tenant} ${type} ${state}`;
  return counts.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
