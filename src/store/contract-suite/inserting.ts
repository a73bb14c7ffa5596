/** New jobs: numbers in order, every field kept, a batch whole or not at all, on disk when acknowledged. */
import assert from 'node:assert/strict';
import { type JobSpec, jobOf } from '../../core/job.ts';
import { claimOne, first, insertJob, NOW, newJob, readJob, rejectsWith, specOf, succeed } from './fixtures.ts';
import { alone, type Topic, test } from './suite.ts';

export const inserting: Topic = [
  test('insert answers created with growing numbers in the order of the batch when jobs are new', async (context) => {
    const { store } = context;
    const batch = Array.from({ length: 50 }, () => newJob(context));
    const outcomes = await store.insert(batch);
    const numbers = outcomes.map((outcome) => (outcome.kind === 'created' ? outcome.number : Number.NaN));
    assert.equal(numbers.length, 50);
    assert.ok(numbers.every((number) => Number.isSafeInteger(number) && number > 0));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(numbers).size, 50);
    for (const [index, { spec }] of batch.entries()) {
      assert.equal((await readJob(store, spec.id)).number, numbers[index]);
    }
  }),

  test('insert rejects and stores nothing when a batch has one id twice', async (context) => {
    const twice = newJob(context);
    await rejectsWith(context.store.insert([twice, twice]), 'INTERNAL');
    assert.deepEqual(await context.store.read([{ id: twice.spec.id }]), [{ kind: 'missing' }]);
  }),

  test('insert answers nothing when the batch is empty', async ({ store }) => {
    assert.deepEqual(await store.insert([]), []);
  }),

  test('insert keeps every field of the spec when all are set', async (context) => {
    const spec = specOf(context, everyField());
    const outcome = first(await context.store.insert([{ spec, input: 'null' }]));
    assert.equal(outcome.kind, 'created');
    assert.deepEqual(await readJob(context.store, spec.id), jobOf(spec, outcome.number));
  }),

  test('insert keeps the first snapshot when only the needed fields are set', async (context) => {
    const spec = specOf(context);
    const outcome = first(await context.store.insert([{ spec, input: 'null' }]));
    assert.equal(outcome.kind, 'created');
    assert.deepEqual(await readJob(context.store, spec.id), jobOf(spec, outcome.number));
  }),

  test('insert stores nothing of a batch when one of its ids is taken', async (context) => {
    const { store } = context;
    const taken = await insertJob(context);
    const innocent = newJob(context);
    await rejectsWith(store.insert([innocent, newJob(context, { id: taken.id })]), 'INTERNAL');
    assert.deepEqual(await store.read([{ id: innocent.spec.id }]), [{ kind: 'missing' }]);
    assert.deepEqual(await readJob(store, taken.id), taken);
  }),

  test('insert of others succeeds when a batch beside it is refused', async (context) => {
    const { store } = context;
    const taken = await insertJob(context);
    const bad = store.insert([newJob(context, { id: taken.id })]);
    const good = newJob(context);
    const [refused, stored] = await Promise.allSettled([bad, store.insert([good])]);
    assert.equal(refused?.status, 'rejected');
    assert.equal(stored?.status, 'fulfilled');
    assert.equal((await readJob(store, good.spec.id)).state, 'waiting');
  }),

  test('insert gives each of many concurrent callers numbers of their own', async (context) => {
    const calls = Array.from({ length: 40 }, () => context.store.insert([newJob(context), newJob(context)]));
    const numbers = (await Promise.all(calls)).flat().map((outcome) => outcome.kind === 'created' && outcome.number);
    assert.equal(new Set(numbers).size, 80);
  }),

  test('insert takes a thousand jobs in one batch', async (context) => {
    const batch = Array.from({ length: 1_000 }, (_, index) => newJob(context, {}, JSON.stringify(index)));
    const outcomes = await context.store.insert(batch);
    assert.ok(outcomes.every(({ kind }) => kind === 'created'));
    const inputs = await context.store.readInput(batch.map(({ spec }) => ({ id: spec.id })));
    assert.deepEqual(
      inputs,
      batch.map(({ input }) => input),
    );
  }),

  alone(
    'insert gives out no number twice when the last job was removed and the store opened again',
    async (context) => {
      const job = await insertJob(context);
      const done = await succeed(context.store, await claimOne(context));
      const removal = { id: done.id, revision: done.revision, now: NOW, goneUntil: NOW };
      assert.deepEqual(await context.store.remove([removal]), ['removed']);
      const store = await context.opened.reopen();
      const outcome = first(await store.insert([newJob(context)]));
      assert.ok(outcome.kind === 'created' && outcome.number > job.number, `got ${JSON.stringify(outcome)}`);
    },
  ),

  alone('insert is durable when the store is opened again', async (context) => {
    const job = await insertJob(context, everyField());
    const store = await context.opened.reopen();
    assert.deepEqual(await readJob(store, job.id), job);
    assert.deepEqual(await store.readInput([{ id: job.id }]), ['{}']);
  }),
];

function everyField(): Partial<JobSpec> {
  return {
    priority: -7,
    runAt: NOW + 5,
    tags: { team: 'x', 'with space': 'ü', '': '' },
    retry: { attempts: 9, backoffMs: 250, factor: 1.5, maxMs: 9_000 },
    timeoutMs: 1_234,
    deadlineMs: 98_765,
    sequenceKey: 'conversation-1',
    createdAt: NOW - 1,
    retainMs: 0,
    idempotencyKey: 'key-1',
    requestHash: 'abc',
    callbackUrl: 'http://127.0.0.1:1/hook',
    origin: { dialect: 'native', data: { deep: [1, 'two', null, { three: 3.5 }] } },
    terms: { deep: [1, { two: 'three' }] },
  };
}
