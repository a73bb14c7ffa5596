/** Unique keys: what a new job becomes where another one holds its key. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Unique } from '../../core/unique.ts';
import type { InsertOutcome, NewJob } from '../contract.ts';
import { at, claimOne, claimSome, first, NOW, newJob, readJob, succeed, take } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

type Over = Parameters<typeof newJob>[1];

const inputOf = async ({ store }: Context, id: string) => first(await store.readInput([{ id }]));
const kindsOf = (outcomes: readonly InsertOutcome[]) => outcomes.map(({ kind }) => kind);

function unique(context: Context, mode: Unique['mode'], over: Partial<Unique> = {}, spec: Over = {}): NewJob {
  return newJob(context, { ...spec, terms: { unique: { key: 'k', mode, ...over } } }, JSON.stringify({ mode, spec }));
}

async function insertOne({ store }: Context, job: NewJob): Promise<InsertOutcome> {
  return first(await store.insert([job]));
}

async function heldBy(context: Context, job: NewJob): Promise<string> {
  const outcome = await insertOne(context, job);
  assert.equal(outcome.kind, 'held');
  return outcome.kind === 'held' ? outcome.job.id : '';
}

export const uniqueness: Topic = [
  test('a unique key is held by a job that waits or runs, and free once it is final', async (context) => {
    const { store } = context;
    const job = unique(context, 'existing');
    assert.equal((await insertOne(context, job)).kind, 'created');
    assert.equal(await heldBy(context, unique(context, 'existing')), job.spec.id);
    const running = await claimOne(context);
    assert.deepEqual(await insertOne(context, unique(context, 'reject')), { kind: 'held', job: running });
    await succeed(store, running);
    assert.equal((await insertOne(context, unique(context, 'reject'))).kind, 'created');
  }),

  test('a unique key is the own one of its tenant and type', async (context) => {
    const others = [
      { ...context, tenant: `${context.tenant}-2` },
      { ...context, type: `${context.type}-2` },
    ];
    const outcomes = await context.store.insert([context, ...others].map((one) => unique(one, 'reject')));
    assert.deepEqual(kindsOf(outcomes), ['created', 'created', 'created']);
    assert.equal((await insertOne(context, unique(context, 'reject', { key: 'other' }))).kind, 'created');
  }),

  test('a unique key is held for forMs also by a job that is final, and no longer than it is kept', async (context) => {
    const { store } = context;
    const job = unique(context, 'existing', { forMs: 100 });
    await insertOne(context, job);
    const done = await succeed(store, await claimOne(context));
    assert.equal(await heldBy(context, unique(context, 'existing', {}, { createdAt: NOW + 99 })), done.id);
    assert.equal((await insertOne(context, unique(context, 'replace', {}, { createdAt: NOW + 99 }))).kind, 'created');
    const key = { key: 'gone', forMs: 100 };
    await insertOne(context, unique(context, 'existing', key, { priority: 9 }));
    const gone = await succeed(store, await claimOne(context));
    await store.remove([{ id: gone.id, revision: gone.revision, now: NOW, goneUntil: NOW + 1 }]);
    assert.equal((await insertOne(context, unique(context, 'existing', key))).kind, 'created');
  }),

  test('a unique key that is free again after forMs goes to the next job', async (context) => {
    await insertOne(context, unique(context, 'existing', { forMs: 100 }));
    await succeed(context.store, await claimOne(context));
    const next = unique(context, 'existing', {}, { createdAt: NOW + 100 });
    assert.equal((await insertOne(context, next)).kind, 'created');
  }),

  test('replace gives a waiting job the new input, tags, priority, time and deadline, and nothing else', async (context) => {
    const { store, tenant } = context;
    const job = unique(context, 'replace', {}, { tags: { a: '1' }, sequenceKey: 's', runAt: NOW + 5 });
    await insertOne(context, job);
    const before = await readJob(store, job.spec.id);
    const usage = await store.usage(tenant);
    const over = { priority: 3, tags: { b: 'ü' }, deadlineMs: 50, createdAt: NOW + 1, runAt: NOW + 9 };
    const next = unique(context, 'replace', {}, over);
    const outcome = await insertOne(context, next);
    const { priority, tags, deadlineMs, runAt } = over;
    const after = { ...before, priority, tags, deadlineMs, runAt, deadlineAt: NOW + 51, revision: 2 };
    assert.deepEqual(outcome, { kind: 'replaced', job: after });
    assert.deepEqual(await readJob(store, job.spec.id), after);
    assert.equal(await inputOf(context, job.spec.id), next.input);
    assert.deepEqual(await store.read([{ id: next.spec.id }]), [{ kind: 'missing' }]);
    const more = Buffer.byteLength(next.input) - Buffer.byteLength(job.input);
    assert.deepEqual(await store.usage(tenant), { jobs: 1, bytes: usage.bytes + more });
    const [claimed] = await claimSome(context, 1, { now: NOW + 9 });
    assert.deepEqual([claimed?.job.id, claimed?.input], [job.spec.id, next.input]);
  }),

  test('replace of a job between two attempts begins anew', async (context) => {
    const { store } = context;
    await insertOne(context, unique(context, 'replace'));
    const running = await claimOne(context);
    const failure = { code: 'X', message: 'x', details: null };
    await take(store, running.id, { kind: 'fail', fence: running.fence, failure, isRetryable: true, random: 0 });
    const outcome = await insertOne(context, unique(context, 'replace'));
    assert.ok(outcome.kind === 'replaced');
    assert.deepEqual([outcome.job.attempt, outcome.job.attempts.length, outcome.job.runAt], [0, 1, NOW]);
    assert.deepEqual(await readJob(store, running.id), outcome.job);
    assert.equal((await claimOne(context)).attempt, 1);
  }),

  test('replace of a job that runs is a job of its own, which holds the key', async (context) => {
    await insertOne(context, unique(context, 'replace'));
    await claimOne(context);
    const next = unique(context, 'replace');
    assert.equal((await insertOne(context, next)).kind, 'created');
    const outcome = await insertOne(context, unique(context, 'replace'));
    assert.equal(outcome.kind === 'replaced' && outcome.job.id, next.spec.id);
  }),

  test('debounce moves the job to its quiet time, and no further than its maximum', async (context) => {
    const debounced = (createdAt: number) =>
      unique(context, 'debounce', { forMs: 100, maxMs: 250 }, { createdAt, runAt: createdAt + 100 });
    await insertOne(context, debounced(NOW));
    const times: number[] = [];
    for (const later of [50, 140, 200, 240]) {
      const outcome = await insertOne(context, debounced(NOW + later));
      times.push(outcome.kind === 'replaced' ? outcome.job.runAt - NOW : -1);
    }
    assert.deepEqual(times, [150, 240, 250, 250]);
  }),

  test('an exact replay wins over the unique key, and a conflict as well', async (context) => {
    const keyed = { idempotencyKey: 'i', requestHash: 'h' };
    const job = unique(context, 'replace', {}, keyed);
    await insertOne(context, job);
    const replay = await insertOne(context, unique(context, 'replace', {}, keyed));
    assert.deepEqual(replay, { kind: 'existing', job: await readJob(context.store, job.spec.id) });
    const other = unique(context, 'replace', {}, { ...keyed, requestHash: 'other' });
    assert.equal((await insertOne(context, other)).kind, 'conflict');
    const absent = { ...unique(context, 'replace', {}, { ...keyed, idempotencyKey: 'j' }), isReplay: true };
    assert.equal((await insertOne(context, absent)).kind, 'absent');
    assert.equal(await inputOf(context, job.spec.id), job.input);
  }),

  test('a batch takes its jobs one after another where they have the same unique key', async (context) => {
    const batch = [
      unique(context, 'reject'),
      unique(context, 'reject'),
      unique(context, 'replace', {}, { priority: 1 }),
      unique(context, 'replace', {}, { priority: 2 }),
      unique(context, 'existing'),
      newJob(context),
      unique(context, 'reject', { key: 'other' }),
    ];
    const outcomes = await context.store.insert(batch);
    const expected = ['created', 'held', 'replaced', 'replaced', 'held', 'created', 'created'];
    assert.deepEqual(kindsOf(outcomes), expected);
    const { id } = first(batch).spec;
    assert.equal(await inputOf(context, id), at(batch, 3).input);
    assert.equal((await readJob(context.store, id)).priority, 2);
    const held = at(outcomes, 4);
    assert.deepEqual(held.kind === 'held' && held.job, await readJob(context.store, id));
  }),

  test('rerun holds while the job waits, and goes over to one that comes after it', async (context) => {
    const job = unique(context, 'rerun');
    await insertOne(context, job);
    assert.equal(await heldBy(context, unique(context, 'rerun')), job.spec.id);
    const running = await claimOne(context);
    assert.deepEqual(await insertOne(context, unique(context, 'rerun')), { kind: 'held', job: running });
    await succeed(context.store, running);
    assert.equal((await insertOne(context, unique(context, 'rerun'))).kind, 'created');
  }),

  test('a follow-up that was cancelled gives the key back to the job that it came after', async (context) => {
    const { store } = context;
    const one = (mode: Unique['mode'], after: readonly string[] = []) => {
      const terms = {
        unique: { key: 'k', mode },
        ...(after.length === 0 ? {} : { after: { ids: after, policy: 'final' } }),
      };
      return newJob(context, { terms } as Over);
    };
    await insertOne(context, one('rerun'));
    const running = await claimOne(context);
    for (let round = 0; round < 2; round += 1) {
      const follower = one('rerun', [running.id]);
      assert.equal((await insertOne(context, follower)).kind, 'created');
      await take(store, follower.spec.id, { kind: 'cancel' });
      for (const mode of ['rerun', 'existing', 'reject'] as const)
        assert.equal(await heldBy(context, one(mode)), running.id, mode);
    }
    await succeed(store, running);
    assert.equal((await insertOne(context, one('reject'))).kind, 'created');
  }),

  test('one job is stored when many callers bring the same unique key at once', async (context) => {
    const stores = await handles(context);
    for (const mode of ['reject', 'replace'] as const) {
      const calls = Array.from({ length: 20 }, (_, index) =>
        at(stores, index % stores.length).insert([unique(context, mode, { key: mode })]),
      );
      const kinds = kindsOf((await Promise.all(calls)).flat());
      const other = mode === 'reject' ? 'held' : 'replaced';
      assert.deepEqual(kinds.toSorted(), ['created', ...Array(19).fill(other)].toSorted());
    }
  }),

  test('a claim that races with a replacement has the job whole: the new input, or the new job beside it', async (context) => {
    const stores = await handles(context);
    for (let round = 0; round < 25; round += 1) {
      const key = { key: `${round}` };
      const old = unique(context, 'replace', key);
      await insertOne(context, old);
      const next = unique(context, 'replace', key, { tags: { round: `${round}` } });
      const other = { ...context, store: at(stores, stores.length - 1) };
      const [claimed, outcome] = await Promise.all([claimSome(other, 1), insertOne(context, next)]);
      const [ran = first(await claimSome(context, 1))] = claimed;
      assert.equal(ran.job.id, old.spec.id);
      if (outcome.kind === 'replaced') {
        assert.deepEqual([ran.input, ran.job.tags], [next.input, next.spec.tags]);
      } else {
        assert.equal(outcome.kind, 'created');
        assert.deepEqual([ran.input, ran.job.tags], [old.input, {}]);
        const second = first(await claimSome(context, 1));
        assert.deepEqual([second.job.id, second.input], [next.spec.id, next.input]);
        await succeed(context.store, second.job);
      }
      await succeed(context.store, ran.job);
    }
  }),

  test('a request that is sent several times at once is one job, also while its unique key is being taken', async (context) => {
    const stores = await handles(context);
    for (let round = 0; round < 40; round += 1) {
      const keyed = { idempotencyKey: `i${round}`, requestHash: 'h' };
      const calls = Array.from({ length: 9 }, async (_, nth) => {
        // Some begin while the first is on its way.
        for (let turns = 0; turns < nth; turns += 1) await turn();
        const mode = round % 2 === 0 ? 'reject' : 'replace';
        return insertOne(
          { ...context, store: at(stores, nth % stores.length) },
          unique(context, mode, { key: `${round}` }, keyed),
        );
      });
      const kinds = kindsOf(await Promise.all(calls));
      assert.deepEqual(kinds.toSorted(), ['created', ...Array<string>(8).fill('existing')], `round ${round}`);
    }
  }),
];

async function handles({ store, opened }: Context) {
  return opened.another === undefined ? [store] : [store, await opened.another(), await opened.another()];
}
