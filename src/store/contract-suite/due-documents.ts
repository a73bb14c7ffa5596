/** Documents that fall due: found by their time, and going on together with the jobs that come of it. */
import assert from 'node:assert/strict';
import type { DocumentStep, DocumentWrite, DueRequest, NewJob } from '../contract.ts';
import { claimSome, NOW, newJob, readJob } from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

export const dueDocuments: Topic = [
  alone(
    'documentDue answers those of a kind whose time has come, of all tenants, in order and page by page',
    async (context) => {
      const { tenant } = context;
      const other = { ...context, tenant: `${tenant}-2` };
      await write(context, { name: 'never' });
      await write(context, { name: 'later', dueAt: NOW + 1 });
      await write(context, { name: 'b', dueAt: NOW });
      await write(other, { name: 'a', dueAt: NOW });
      await write(context, { name: 'a', dueAt: NOW });
      await write(context, { name: 'z', dueAt: NOW - 5 });
      await write(context, { kind: 'other', name: 'x', dueAt: NOW - 9 });
      const all = [
        [tenant, 'z'],
        [tenant, 'a'],
        [tenant, 'b'],
        [other.tenant, 'a'],
      ];
      assert.deepEqual(await due(context), all);
      assert.deepEqual(await due(context, { limit: 2 }), all.slice(0, 2));
      assert.deepEqual(await due(context, { after: { dueAt: NOW, tenant, name: 'a' } }), all.slice(2));
      const [first] = await context.store.documentDue({ kind: 'k', now: NOW, limit: 1 });
      assert.deepEqual(first, { tenant, kind: 'k', name: 'z', data: 1, revision: 1, createdAt: NOW, dueAt: NOW - 5 });
    },
  ),

  alone('documentNextDue answers the earliest time ahead, and null where there is none', async (context) => {
    const next = (now: number) => context.store.documentNextDue({ kind: 'k', now });
    assert.equal(await next(NOW), null);
    await write(context, { name: 'a', dueAt: NOW });
    await write(context, { name: 'b', dueAt: NOW + 7 });
    await write(context, { name: 'c', dueAt: NOW + 3 });
    await write(context, { kind: 'other', name: 'd', dueAt: NOW + 1 });
    assert.equal(await next(NOW), NOW + 3);
    assert.equal(await next(NOW + 7), null);
  }),

  alone('documentWrite moves the time, and without one takes it away', async (context) => {
    await write(context, { dueAt: NOW });
    await write(context, { dueAt: NOW + 9 });
    assert.deepEqual(await due(context), []);
    assert.deepEqual(await due(context, { now: NOW + 9 }), [[context.tenant, 'n']]);
    await write(context, {});
    assert.deepEqual(await due(context, { now: NOW + 9 }), []);
  }),

  test('documentStep writes the document and stores the jobs, tags and sequence included', async (context) => {
    await write(context, { dueAt: NOW });
    const jobs = [
      newJob(context, { tags: { a: 'b' }, sequenceKey: 's' }),
      newJob(context, { idempotencyKey: 'k1', requestHash: 'h', sequenceKey: 's' }),
    ];
    const outcome = await step(context, jobs, { dueAt: NOW + 60 });
    assert.equal(outcome.kind, 'written');
    assert.deepEqual(outcome.document && [outcome.document.revision, outcome.document.dueAt], [2, NOW + 60]);
    const stored = await Promise.all(jobs.map(({ spec }) => readJob(context.store, spec.id)));
    const numbers = stored.map(({ number }) => ({ kind: 'created', number }));
    assert.deepEqual(outcome.kind === 'written' && outcome.jobs, numbers);
    const tagged = await context.store.list({ tenant: context.tenant, tags: { a: 'b' }, limit: 9 });
    assert.deepEqual(
      tagged.map(({ id }) => id),
      [jobs[0]?.spec.id],
    );
    const counts = await context.store.count({ tenant: context.tenant });
    assert.deepEqual(
      counts.map(({ count }) => count),
      [2],
    );
  }),

  test('documentStep without jobs is a write', async (context) => {
    await write(context, { dueAt: NOW });
    const outcome = await step(context, []);
    assert.deepEqual(outcome.kind === 'written' && outcome.jobs, []);
    assert.equal(outcome.document?.dueAt, null);
  }),

  test('documentStep stores nothing when the document is at another revision, or gone', async (context) => {
    const job = newJob(context);
    assert.deepEqual(await step(context, [job]), { kind: 'stale', document: null });
    await write(context, {});
    await write(context, { data: 2 });
    const outcome = await step(context, [job]);
    assert.equal(outcome.kind, 'stale');
    assert.deepEqual(outcome.document && [outcome.document.revision, outcome.document.data], [2, 2]);
    assert.deepEqual(await context.store.read([{ id: job.spec.id }]), [{ kind: 'missing' }]);
    assert.deepEqual(await context.store.count({ tenant: context.tenant }), []);
  }),

  test('documentStep finds earlier jobs by their idempotency key, and goes on all the same', async (context) => {
    await write(context, {});
    const key = { idempotencyKey: 'tick', requestHash: 'h' };
    const [first] = await context.store.insert([newJob(context, key)]);
    assert.equal(first?.kind, 'created');
    const outcome = await step(context, [newJob(context, key), newJob(context, { ...key, requestHash: 'other' })]);
    const kinds = outcome.kind === 'written' ? outcome.jobs.map(({ kind }) => kind) : null;
    assert.deepEqual(kinds, ['existing', 'conflict']);
    assert.equal(outcome.document?.revision, 2);
  }),

  test('documentStep stores no job whose unique key is held, and of a key one, and goes on all the same', async (context) => {
    await write(context, {});
    const unique = (key: string) => ({ terms: { unique: { key, mode: 'existing' as const } } });
    const holder = newJob(context, unique('a'));
    await context.store.insert([holder]);
    const jobs = [
      newJob(context, unique('a')),
      newJob(context, unique('b')),
      newJob(context, unique('b')),
      newJob(context),
    ];
    const outcome = await step(context, jobs);
    assert.ok(outcome.kind === 'written');
    assert.deepEqual(
      outcome.jobs.map((one) => (one.kind === 'held' ? one.job.id : one.kind)),
      [holder.spec.id, 'created', jobs[1]?.spec.id, 'created'],
    );
    assert.equal((await context.store.list({ tenant: context.tenant, limit: 9 })).length, 3);
    const stale = await step(context, [newJob(context, unique('c'))]);
    assert.equal(stale.kind, 'stale');
    assert.equal((await context.store.list({ tenant: context.tenant, limit: 9 })).length, 3);
  }),

  test('documentStep gives its jobs the tickets of their key at once', async (context) => {
    await write(context, {});
    const limited = () => newJob(context, { terms: { limit: { key: 'l', concurrency: 2 } } });
    const outcome = await step(context, [limited(), limited(), limited()]);
    assert.equal(outcome.kind, 'written');
    assert.equal((await claimSome(context, 3)).length, 2);
  }),

  test('documentStep lets one of many through, and stores the jobs of that one alone', async (context) => {
    const other = (await context.opened.another?.()) ?? context.store;
    await write(context, { dueAt: NOW });
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) => {
        const store = index % 2 === 0 ? context.store : other;
        const jobs = [newJob(context), newJob(context, { sequenceKey: 's' })];
        return step({ ...context, store }, jobs, { data: index });
      }),
    );
    assert.equal(outcomes.filter(({ kind }) => kind === 'written').length, 1);
    assert.equal((await context.store.list({ tenant: context.tenant, limit: 99 })).length, 2);
  }),
];

function write({ store, tenant }: Context, over: Partial<DocumentWrite>) {
  return store.documentWrite({ tenant, kind: 'k', name: 'n', data: 1, expectRevision: null, now: NOW, ...over });
}

function step({ store, tenant }: Context, jobs: readonly NewJob[], over: Partial<DocumentStep['write']> = {}) {
  const place = { tenant, kind: 'k', name: 'n', data: 'next', expectRevision: 1, now: NOW };
  return store.documentStep({ write: { ...place, ...over }, jobs });
}

async function due({ store }: Context, over: Partial<DueRequest> = {}) {
  const documents = await store.documentDue({ kind: 'k', now: NOW, limit: 10, ...over });
  return documents.map(({ tenant, name }) => [tenant, name]);
}
