/** Replays: one job per tenant and idempotency key, told apart from other requests by the request hash. */
import assert from 'node:assert/strict';
import { claimOne, first, insertJob, insertJobs, NOW, newJob, readJob, succeed } from './fixtures.ts';
import { type Topic, test } from './suite.ts';

const KEYED = { idempotencyKey: 'k', requestHash: 'h' };

export const idempotency: Topic = [
  test('insert answers the existing job when key and request hash are the same', async (context) => {
    const original = newJob(context, KEYED);
    await context.store.insert([original]);
    const replay = newJob(context, KEYED);
    const outcome = first(await context.store.insert([replay]));
    assert.deepEqual(outcome, { kind: 'existing', job: await readJob(context.store, original.spec.id) });
    assert.deepEqual(await context.store.read([{ id: replay.spec.id }]), [{ kind: 'missing' }]);
  }),

  test('insert answers a conflict and stores nothing when the request hash differs', async (context) => {
    const original = newJob(context, KEYED);
    await context.store.insert([original]);
    const other = newJob(context, { ...KEYED, requestHash: 'other' });
    const outcome = first(await context.store.insert([other]));
    assert.deepEqual(outcome, { kind: 'conflict', job: await readJob(context.store, original.spec.id) });
    assert.deepEqual(await context.store.read([{ id: other.spec.id }]), [{ kind: 'missing' }]);
  }),

  test('insert counts earlier items of the same batch when keys repeat', async (context) => {
    const batch = [newJob(context, KEYED), newJob(context, KEYED), newJob(context, { ...KEYED, requestHash: 'other' })];
    const outcomes = await context.store.insert(batch);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['created', 'existing', 'conflict'],
    );
    const id = first(batch).spec.id;
    assert.ok(outcomes.every((outcome) => outcome.kind === 'created' || ('job' in outcome && outcome.job.id === id)));
  }),

  test('insert keeps keys of different tenants apart', async (context) => {
    const other = { ...context, tenant: `${context.tenant}-2` };
    const outcomes = await context.store.insert([newJob(context, KEYED), newJob(other, KEYED)]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['created', 'created'],
    );
  }),

  test('insert never finds jobs without a key when another has none', async (context) => {
    const outcomes = await context.store.insert([newJob(context), newJob(context), newJob(context)]);
    assert.ok(outcomes.every(({ kind }) => kind === 'created'));
  }),

  test('insert answers the job as it is now when it has changed since', async (context) => {
    await context.store.insert([newJob(context, KEYED)]);
    const running = await claimOne(context);
    const outcome = first(await context.store.insert([newJob(context, KEYED)]));
    assert.deepEqual(outcome, { kind: 'existing', job: running });
  }),

  test('insert creates one job when many callers replay the same key at once', async (context) => {
    const others = await Promise.all([context.opened.another?.() ?? context.store, context.store]);
    const calls = Array.from({ length: 20 }, (_, index) =>
      (others[index % 2] ?? context.store).insert([newJob(context, KEYED)]),
    );
    const outcomes = (await Promise.all(calls)).flat();
    assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 1);
    assert.equal(outcomes.filter(({ kind }) => kind === 'existing').length, 19);
    const ids = outcomes.flatMap((outcome) => ('job' in outcome ? [outcome.job.id] : []));
    assert.equal(new Set(ids).size, 1);
  }),

  test('insert finds and never stores when an item is a replay', async (context) => {
    const original = newJob(context, KEYED);
    const replay = { ...newJob(context, KEYED, ''), isReplay: true };
    const alone = { ...newJob(context, { ...KEYED, idempotencyKey: 'other' }, ''), isReplay: true };
    const outcomes = await context.store.insert([alone, original, replay]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['absent', 'created', 'existing'],
    );
    const job = await readJob(context.store, original.spec.id);
    const other = { ...newJob(context, { ...KEYED, requestHash: 'other' }, ''), isReplay: true };
    assert.deepEqual(await context.store.insert([other, alone, replay]), [
      { kind: 'conflict', job },
      { kind: 'absent' },
      { kind: 'existing', job },
    ]);
    assert.deepEqual(await context.store.read([{ id: alone.spec.id }]), [{ kind: 'missing' }]);
  }),

  test('insert takes the key again when its job was removed', async (context) => {
    await context.store.insert([newJob(context, KEYED)]);
    const done = await succeed(context.store, await claimOne(context));
    await context.store.remove([{ id: done.id, revision: done.revision, now: NOW, goneUntil: NOW + 1 }]);
    const outcome = first(await context.store.insert([newJob(context, KEYED)]));
    assert.equal(outcome.kind, 'created');
  }),

  test('a replay of a job that comes after others leaves all jobs as they are', async (context) => {
    const { store } = context;
    const key = { idempotencyKey: 'k', requestHash: 'h' };
    const [job] = await insertJobs(context, [key]);
    const parent = await insertJob(context);
    const terms = { after: { ids: [parent.id], policy: 'succeeded' } } as const;
    for (const [requestHash, kind] of [
      ['h', 'existing'],
      ['i', 'conflict'],
    ] as const) {
      const replay = first(await store.insert([newJob(context, { ...key, terms, requestHash })]));
      assert.deepEqual([replay.kind, 'job' in replay && replay.job.id], [kind, job?.id]);
    }
    assert.deepEqual(await readJob(store, parent.id), parent);
  }),
];
