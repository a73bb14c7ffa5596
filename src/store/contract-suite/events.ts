/** Changes written down: exactly those that somebody wants, in one order for all who read. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { EventKind, Follower, JobEvent } from '../contract.ts';
import {
  claimOne,
  claimSome,
  fail,
  first,
  insertJob,
  insertJobs,
  LEASE_MS,
  NOW,
  newDelivery,
  newJob,
  readJob,
  succeed,
  succeedOne,
  take,
  textResult,
} from './fixtures.ts';
import { alone, type Context, type Topic } from './suite.ts';

const ALL: readonly EventKind[] = ['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired', 'changed'];
const CALLBACK = { callbackUrl: 'http://127.0.0.1:1/hook' };

export const events: Topic = [
  alone('no event is written where nobody follows and no job has a callback', async (context) => {
    await follow(context, { tenant: `${context.tenant}-other` });
    await insertJobs(context, [{}, { sequenceKey: 's' }]);
    await succeedOne(context);
    await fail(context.store, await claimOne(context), true);
    assert.deepEqual(await read(context), { events: [], newest: 0, prunedTo: 0 });
  }),

  alone('an event is written for every change that a follower wants, with the job as it then was', async (context) => {
    const { store } = context;
    await follow(context);
    const job = await insertJob(context, { tags: { a: 'b' }, origin: { dialect: 'native', data: [0.1] } });
    const running = await claimOne(context, NOW + 1);
    const halfway = await take(store, job.id, { kind: 'report', fence: 1, percent: 12.5 }, NOW + 2);
    const again = await fail(store, halfway, true, NOW + 3);
    const second = await claimOne(context, again.runAt);
    const done = await succeed(store, second, again.runAt + 1, textResult('1'));
    const retried = await insertJob(context);
    const cancelled = await take(store, retried.id, { kind: 'cancel' }, NOW + 4);
    const { events: seen, newest } = await read(context);
    assert.deepEqual(
      seen.map(({ kind, at, job: then }) => [kind, at, then]),
      [
        ['waiting', NOW, job],
        ['running', NOW + 1, running],
        ['changed', NOW + 2, halfway],
        ['waiting', NOW + 3, again],
        ['running', again.runAt, second],
        ['succeeded', again.runAt + 1, done],
        ['waiting', NOW, retried],
        ['cancelled', NOW + 4, cancelled],
      ],
    );
    assert.equal(newest, seen.at(-1)?.position);
  }),

  alone('only the kinds that some follower of the tenant wants are written', async (context) => {
    await follow(context, { name: 'one', wants: ['succeeded'] });
    await follow(context, { name: 'two', wants: ['changed', 'failed'] });
    const job = await insertJob(context);
    await claimOne(context);
    await take(context.store, job.id, { kind: 'report', fence: 1, percent: 1 });
    await succeed(context.store, await readJob(context.store, job.id));
    await insertJob(context);
    await fail(context.store, await claimOne(context), false);
    assert.deepEqual(await kinds(context), ['changed', 'succeeded', 'failed']);
    await context.store.unfollow({ tenant: context.tenant, name: 'two' });
    await insertJobs(context, [{}, {}]);
    await fail(context.store, await claimOne(context), false);
    await succeedOne(context);
    assert.deepEqual(await kinds(context), ['changed', 'succeeded', 'failed', 'succeeded']);
  }),

  alone('the end of a job that its worker saw is written like any other', async (context) => {
    await follow(context, { wants: ['succeeded'] });
    await insertJobs(context, [{}, {}, {}]);
    const claimed = await claimSome(context, 3);
    const outcomes = await context.store.apply(
      claimed.map(({ job }) => ({
        id: job.id,
        expect: { states: ['running'] as const, fence: job.fence },
        patch: { state: 'succeeded' as const, finishedAt: NOW + 5, leaseUntil: null, worker: null },
        seen: job,
      })),
    );
    const { events: seen } = await read(context);
    assert.deepEqual(
      seen.map(({ job }) => job),
      outcomes.map((outcome) => (outcome.kind === 'applied' ? outcome.job : outcome)),
    );
    assert.ok(seen.every(({ kind, at }) => kind === 'succeeded' && at === NOW + 5));
  }),

  alone('a job that is amended has changed', async (context) => {
    const { store, tenant } = context;
    await follow(context, { wants: ['changed'] });
    const { id, ...job } = await insertJob(context, { tags: { a: 'b' }, sequenceKey: 's' });
    const terms = { priority: 2, runAt: NOW + 9, tags: { a: '\0' }, deadlineMs: 50, deadlineAt: NOW + 50 };
    const change = { id, revision: job.revision, terms, now: NOW + 5 };
    const outcomes = await store.amend([change, change]);
    assert.deepEqual(outcomes.map(({ kind }) => kind).toSorted(), ['amended', 'stale']);
    const { events: seen } = await read(context);
    assert.deepEqual(
      seen.map(({ kind, at, job: then }) => [kind, at, then]),
      [['changed', NOW + 5, { ...job, id, ...terms, revision: 2 }]],
    );
    await store.unfollow({ tenant, name: 'feed' });
    await store.amend([{ ...change, revision: 2 }]);
    assert.equal((await read(context)).events.length, 1);
  }),

  alone('a job with a callback has an event for every change, whoever follows', async (context) => {
    const job = await insertJob(context, CALLBACK);
    await claimOne(context);
    await take(context.store, job.id, { kind: 'report', fence: 1, percent: 1 });
    await succeed(context.store, await readJob(context.store, job.id));
    assert.deepEqual(await kinds(context), ['waiting', 'running', 'changed', 'succeeded']);
    assert.deepEqual(
      (await read(context)).events.map(({ job: { revision } }) => revision),
      [1, 2, 3, 4],
    );
  }),

  alone('nothing is written of a change that was not stored, of leases and of replays', async (context) => {
    await follow(context);
    const job = await insertJob(context, { idempotencyKey: 'k', requestHash: 'h' });
    const before = await read(context);
    await assert.rejects(context.store.insert([newJob(context), newJob(context, { id: job.id })]));
    await context.store.insert([newJob(context, { idempotencyKey: 'k', requestHash: 'h' })]);
    await context.store.apply([{ id: job.id, expect: { states: ['failed'] }, patch: { state: 'running' } }]);
    assert.deepEqual(await read(context), before);
    const running = await claimOne(context);
    const after = await read(context);
    await context.store.extend([{ id: job.id, fence: running.fence, leaseUntil: NOW + 2 * LEASE_MS }]);
    assert.deepEqual(await read(context), after);
  }),

  alone(
    'follow answers the newest position to whoever is new, has lapsed or wants more, and else the one before',
    async (context) => {
      const wants: readonly EventKind[] = ['waiting', 'running'];
      await follow(context, { name: 'other' });
      await insertJobs(context, [{}, {}]);
      const start = await follow(context, { wants, until: NOW + 10 });
      assert.equal(start, (await read(context)).newest);
      await insertJob(context);
      assert.equal(await follow(context, { wants, until: NOW + 20, now: NOW + 9 }), start);
      assert.equal(await follow(context, { wants: ['running'], until: NOW + 20, now: NOW + 19 }), start);
      const wider = await follow(context, { wants, until: NOW + 30, now: NOW + 19 });
      assert.equal(wider, (await read(context)).newest);
      assert.ok(wider > start);
      await insertJob(context);
      const late = await follow(context, { wants, until: null, now: NOW + 30 });
      assert.equal(late, (await read(context)).newest);
      await insertJob(context);
      assert.equal(await follow(context, { wants, until: null, now: NOW + 1_000_000 }), late);
      await context.store.unfollow({ tenant: context.tenant, name: 'feed' });
      assert.ok((await follow(context, { wants })) > late);
    },
  ),

  alone('eventPrune forgets followers that have lapsed, and nobody else', async (context) => {
    await follow(context, { name: 'one', wants: ['waiting'], until: NOW + 10 });
    await follow(context, { name: 'two', wants: ['running'], until: null });
    await context.store.eventPrune({ now: NOW + 9, before: 0, limit: 10 });
    await insertJob(context);
    await context.store.eventPrune({ now: NOW + 10, before: 0, limit: 10 });
    await insertJob(context);
    await claimOne(context);
    assert.deepEqual(await kinds(context), ['waiting', 'running']);
  }),

  alone('followers stay when the store is opened again', async (context) => {
    await follow(context, { wants: ['waiting'] });
    const store = await context.opened.reopen();
    await insertJob({ ...context, store });
    assert.deepEqual(await kinds({ ...context, store }), ['waiting']);
  }),

  alone('eventRead has those of one tenant or of all, behind a position, up to a limit', async (context) => {
    const other = { ...context, tenant: `${context.tenant}-other` };
    await follow(context);
    await follow(other);
    await insertJobs(context, [{}, {}]);
    await insertJob(other);
    await insertJob(context);
    const all = (await read(context, { tenant: null })).events;
    assert.deepEqual(
      all.map(({ job: { tenant } }) => tenant),
      [context.tenant, context.tenant, other.tenant, context.tenant],
    );
    const mine = (await read(context)).events;
    assert.equal(mine.length, 3);
    assert.deepEqual((await read(context, { limit: 2 })).events, mine.slice(0, 2));
    const rest = await read(context, { after: first(mine).position });
    assert.deepEqual(rest.events, mine.slice(1));
    assert.equal(rest.newest, all.at(-1)?.position);
    assert.deepEqual((await read(other, { after: rest.newest })).events, []);
  }),

  alone(
    'positions only grow for a reader beside many writers, and those of a job come by revision',
    async (context) => {
      const other = (await context.opened.another?.()) ?? context.store;
      await follow(context);
      const writers = [context, { ...context, store: other }, context, { ...context, store: other }];
      let isOver = false;
      const work = async (writer: Context, max = 2) => {
        for (const { job } of await claimSome(writer, max)) {
          await take(writer.store, job.id, { kind: 'report', fence: job.fence, percent: 1 });
          await succeed(writer.store, job);
        }
      };
      const writing = Promise.all(
        writers.map(async (writer) => {
          for (let round = 0; round < 8; round += 1) {
            await insertJobs(writer, [{}, {}]);
            await work(writer);
          }
        }),
      )
        // A claim passes over what others are claiming at that moment: somebody takes what is left.
        .then(() => work(context, 64))
        .finally(() => {
          isOver = true;
        });
      const seen: JobEvent[] = [];
      for (let isLast = false; ; ) {
        const page = await read({ ...context, store: other }, { after: seen.at(-1)?.position ?? 0, limit: 7 });
        seen.push(...page.events);
        if (page.events.length === 0 && isLast) break;
        isLast = isOver && page.events.length === 0;
        // A read that is answered on the spot would keep the writers from their turn.
        await turn();
      }
      await writing;
      const positions = seen.map(({ position }) => position);
      assert.deepEqual(
        positions,
        [...new Set(positions)].toSorted((a, b) => a - b),
      );
      // 64 jobs, each of them submitted, claimed, reported on and ended: a reader that went by positions has missed none.
      assert.equal(seen.length, 64 * 4);
      for (const { job } of seen) {
        const revisions = seen.filter(({ job: { id } }) => id === job.id).map(({ job: { revision } }) => revision);
        assert.deepEqual(revisions, [1, 2, 3, 4]);
      }
    },
  ),

  alone(
    'fanOutRead hands out what is behind the mark, and fanOutWrite moves it with the deliveries',
    async (context) => {
      const { store } = context;
      assert.deepEqual(await store.fanOutRead({ limit: 10 }), { from: 0, events: [] });
      await follow(context);
      await insertJobs(context, [{}, {}, {}]);
      const page = await store.fanOutRead({ limit: 2 });
      assert.deepEqual(page.events, (await read(context, { limit: 2 })).events);
      const to = page.events.at(-1)?.position ?? 0;
      assert.equal(await store.fanOutWrite({ from: page.from, to, deliveries: [newDelivery(context)] }), true);
      const rest = await store.fanOutRead({ limit: 10 });
      assert.deepEqual([rest.from, rest.events.length], [to, 1]);
      assert.equal((await store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 10 })).length, 1);
      const reopened = await context.opened.reopen();
      assert.deepEqual(await reopened.fanOutRead({ limit: 10 }), rest);
    },
  ),

  alone('fanOutWrite writes nothing when another was faster', async (context) => {
    const other = (await context.opened.another?.()) ?? context.store;
    await follow(context);
    await insertJobs(context, [{}, {}]);
    const { from, events: page } = await context.store.fanOutRead({ limit: 10 });
    const write = { from, to: page.at(-1)?.position ?? 0, deliveries: [newDelivery(context)] };
    const outcomes = await Promise.all(
      [context.store, other, context.store, other].map((store) => store.fanOutWrite(write)),
    );
    assert.deepEqual(outcomes.toSorted(), [false, false, false, true]);
    assert.equal((await context.store.deliveryClaim({ now: NOW, leaseMs: LEASE_MS, max: 10 })).length, 1);
    assert.deepEqual((await context.store.fanOutRead({ limit: 10 })).events, []);
  }),

  alone('eventPrune removes what is older and has been fanned out, oldest first, and says how far', async (context) => {
    const { store } = context;
    await follow(context);
    for (let step = 0; step < 5; step += 1) await insertJob(context, { createdAt: NOW + step });
    const { events: five } = await read(context);
    const positions = five.map(({ position }) => position);
    const prune = (over: object) => store.eventPrune({ now: NOW, before: NOW + 100, limit: 10, ...over });
    assert.equal(await prune({}), 0);
    await store.fanOutWrite({ from: 0, to: positions[3] ?? 0, deliveries: [] });
    assert.equal(await prune({ before: NOW }), 0);
    assert.equal(await prune({ before: NOW + 3, limit: 2 }), 2);
    assert.deepEqual(await read(context), { events: five.slice(2), newest: positions[4], prunedTo: positions[1] });
    assert.equal(await prune({ before: NOW + 3 }), 1);
    assert.equal(await prune({}), 1);
    assert.deepEqual(await read(context), { events: five.slice(4), newest: positions[4], prunedTo: positions[3] });
    await store.fanOutWrite({ from: positions[3] ?? 0, to: positions[4] ?? 0, deliveries: [] });
    assert.equal(await prune({}), 1);
    assert.deepEqual(await read(context), { events: [], newest: positions[4], prunedTo: positions[4] });
    await insertJob(context);
    assert.ok(first((await read(context)).events).position > (positions[4] ?? 0));
  }),

  alone('eventPrune keeps no more than it is told', async (context) => {
    const { store } = context;
    await follow(context);
    await insertJobs(context, Array(5).fill({}));
    const { events: five, newest } = await read(context);
    await store.fanOutWrite({ from: 0, to: newest, deliveries: [] });
    const prune = (keepMax: number, limit = 10) => store.eventPrune({ now: NOW, before: 0, keepMax, limit });
    assert.equal(await prune(5), 0);
    assert.equal(await prune(2, 2), 2);
    assert.equal(await prune(2), 1);
    assert.deepEqual((await read(context)).events, five.slice(3));
    assert.equal(await prune(0), 2);
  }),

  alone('events stay when their job is removed', async (context) => {
    await follow(context, { wants: ['succeeded'] });
    await insertJob(context, CALLBACK);
    const done = await succeedOne(context);
    const before = await read(context);
    await context.store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 10 }]);
    assert.deepEqual(await read(context), before);
    assert.deepEqual((await context.store.fanOutRead({ limit: 10 })).events, before.events);
  }),

  alone('events give back every text that a caller chose', async (context) => {
    const text = 'Grüße 🚀 \0 a\0b \uE000\uE001 " \\ \n';
    const odd = { ...context, tenant: `${context.tenant} ${text}`, type: text };
    await follow(odd);
    const job = await insertJob(odd, {
      tags: { [text]: text },
      sequenceKey: text,
      idempotencyKey: text,
      requestHash: text,
      callbackUrl: `http://127.0.0.1:1/${text}`,
      origin: { dialect: 'native', data: { [text]: text, lone: '\ud800' } },
    });
    await take(odd.store, (await claimOne(odd)).id, { kind: 'report', fence: 1, percent: 0.1, message: text });
    const failed = await fail(odd.store, await readJob(odd.store, job.id), false);
    const { events: seen } = await read(odd);
    assert.deepEqual(first(seen).job, job);
    assert.deepEqual(seen.at(-1)?.job, failed);
    assert.equal(seen[2]?.job.progress.percent, 0.1);
    await odd.store.unfollow({ tenant: odd.tenant, name: 'feed' });
    assert.deepEqual(await read({ ...odd, tenant: context.tenant }), { events: [], newest: 4, prunedTo: 0 });
  }),
];

/** @returns `since` */
async function follow({ store, tenant }: Context, over: Partial<Follower & { now: number }> = {}): Promise<number> {
  return (await store.follow({ tenant, name: 'feed', wants: ALL, until: null, now: NOW, ...over })).since;
}

function read({ store, tenant }: Context, over: { tenant?: null; after?: number; limit?: number } = {}) {
  return store.eventRead({ tenant, after: 0, limit: 1_000, ...over });
}

async function kinds(context: Context): Promise<readonly EventKind[]> {
  return (await read(context)).events.map(({ kind }) => kind);
}
