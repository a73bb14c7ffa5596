/** Documents: written by whoever saw the last revision. */
import assert from 'node:assert/strict';
import type { DocumentWrite, Store } from '../contract.ts';
import { NOW } from './fixtures.ts';
import { type Context, type Topic, test } from './suite.ts';

const DATA = { text: 'ü 🚀', list: [1, null, { deep: true }], number: 1.5 };

export const documents: Topic = [
  test('documentWrite stores a new document when none is expected', async (context) => {
    const document = {
      tenant: context.tenant,
      kind: 'k',
      name: 'n',
      data: DATA,
      revision: 1,
      createdAt: NOW,
      dueAt: null,
    };
    assert.deepEqual(await write(context, { expectRevision: 0 }), { kind: 'written', document });
    assert.deepEqual(await read(context), document);
  }),

  test('documentWrite grows the revision and keeps the creation time when it is expected', async (context) => {
    await write(context, { expectRevision: 0 });
    const outcome = await write(context, { expectRevision: 1, data: 'new', now: NOW + 9 });
    const document = {
      tenant: context.tenant,
      kind: 'k',
      name: 'n',
      data: 'new',
      revision: 2,
      createdAt: NOW,
      dueAt: null,
    };
    assert.deepEqual(outcome, { kind: 'written', document });
    assert.deepEqual(await read(context), document);
  }),

  test('documentAdd lets no more through than there may be, however many come at once', async (context) => {
    const { store, tenant, opened } = context;
    const other = opened.another === undefined ? store : await opened.another();
    const add = (through: Store, name: string, countMax: number) =>
      through.documentAdd({ tenant, kind: 'k', name, data: DATA, expectRevision: 0, now: NOW, countMax });
    const names = Array.from({ length: 24 }, (_, at) => `n${at}`);
    const outcomes = await Promise.all(names.map((name, at) => add(at % 2 === 0 ? store : other, name, 5)));
    assert.deepEqual(outcomes.map(({ kind }) => kind).toSorted(), [
      ...Array(19).fill('full'),
      ...Array(5).fill('written'),
    ]);
    assert.equal((await store.documentUsage(tenant, 'k')).count, 5);
    assert.deepEqual(await add(store, 'more', 5), { kind: 'full', count: 5 });
    const there = names[outcomes.findIndex(({ kind }) => kind === 'written')] ?? '';
    assert.equal((await add(store, there, 5)).kind, 'stale', 'it is there: that it is full says nothing');
    const added = await add(store, 'more', 6);
    assert.ok(added.kind === 'written');
    assert.deepEqual(await store.documentRead({ tenant, kind: 'k', name: 'more' }), added.document);
    assert.equal(
      (
        await store.documentAdd({
          tenant,
          kind: 'other',
          name: 'more',
          data: DATA,
          expectRevision: 0,
          now: NOW,
          countMax: 1,
        })
      ).kind,
      'written',
    );
  }),

  test('documentWrite writes nothing and answers what is there when another revision was expected', async (context) => {
    assert.deepEqual(await write(context, { expectRevision: 3 }), { kind: 'stale', document: null });
    assert.equal(await read(context), null);
    await write(context, { expectRevision: 0 });
    const there = await read(context);
    assert.deepEqual(await write(context, { expectRevision: 0, data: 1 }), { kind: 'stale', document: there });
    assert.deepEqual(await write(context, { expectRevision: 2, data: 1 }), { kind: 'stale', document: there });
    assert.deepEqual(await read(context), there);
  }),

  test('documentWrite writes over anything when no revision is expected', async (context) => {
    assert.equal((await write(context, { expectRevision: null, data: null })).kind, 'written');
    assert.equal((await write(context, { expectRevision: null, data: [] })).kind, 'written');
    assert.equal((await read(context))?.revision, 2);
    assert.deepEqual((await read(context))?.data, []);
  }),

  test('documentWrite lets one of many writers through when all expect the same revision', async (context) => {
    const other = (await context.opened.another?.()) ?? context.store;
    await write(context, { expectRevision: 0 });
    const calls = Array.from({ length: 10 }, (_, index) =>
      write(index % 2 === 0 ? context : { ...context, store: other }, { expectRevision: 1, data: index }),
    );
    const outcomes = await Promise.all(calls);
    assert.equal(outcomes.filter(({ kind }) => kind === 'written').length, 1);
    assert.equal((await read(context))?.revision, 2);
  }),

  test('documentRead keeps tenants, kinds and names apart', async (context) => {
    await write(context, { name: 'n', data: 1 });
    await write(context, { name: 'm', data: 2 });
    await write(context, { kind: 'l', data: 3 });
    await write({ ...context, tenant: `${context.tenant}-2` }, { data: 4 });
    assert.equal((await read(context))?.data, 1);
    assert.equal(await context.store.documentRead({ tenant: context.tenant, kind: 'l', name: 'm' }), null);
  }),

  test('documentList answers the newest first, then by name, and pages by the last one seen', async (context) => {
    const names = ['b', 'a', 'c', 'd'];
    for (const name of names) await write(context, { name, now: name === 'd' ? NOW + 1 : NOW });
    await write(context, { name: 'z', kind: 'other' });
    assert.deepEqual(await list(context), ['d', 'a', 'b', 'c']);
    assert.deepEqual(await list(context, { limit: 2 }), ['d', 'a']);
    assert.deepEqual(await list(context, { limit: 2, after: { createdAt: NOW, name: 'a' } }), ['b', 'c']);
    assert.deepEqual(await list(context, { after: { createdAt: NOW, name: 'c' } }), []);
  }),

  test('documentList misses none when its caller removes what each page brings', async (context) => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await write(context, { name, now: name < 'c' ? NOW : NOW + 1 });
    const { store, tenant } = context;
    const seen: string[] = [];
    let page = await store.documentList({ tenant, kind: 'k', limit: 2 });
    for (let last = page.at(-1); last !== undefined && seen.length < names.length; last = page.at(-1)) {
      for (const { kind, name } of page) {
        seen.push(name);
        await store.documentRemove({ tenant, kind, name });
      }
      page = await store.documentList({ tenant, kind: 'k', limit: 2, after: last });
    }
    assert.deepEqual(seen, ['c', 'd', 'e', 'a', 'b']);
  }),

  test('documentUsage counts the documents of one tenant and the bytes of their JSON', async (context) => {
    const usage = () => context.store.documentUsage(context.tenant);
    assert.deepEqual(await usage(), { count: 0, bytes: 0 });
    await write(context, { data: 'ü' });
    await write(context, { name: 'm', kind: 'l', data: [1] });
    await write({ ...context, tenant: `${context.tenant}-2` }, {});
    assert.deepEqual(await usage(), { count: 2, bytes: 7 });
    assert.deepEqual(await context.store.documentUsage(context.tenant, 'l'), { count: 1, bytes: 3 });
    await context.store.documentRemove({ tenant: context.tenant, kind: 'k', name: 'n' });
    assert.deepEqual(await usage(), { count: 1, bytes: 3 });
  }),

  test('documentRemove answers true once, and the document is gone', async (context) => {
    await write(context, {});
    const ref = { tenant: context.tenant, kind: 'k', name: 'n' };
    assert.equal(await context.store.documentRemove({ ...ref, tenant: `${context.tenant}-2` }), false);
    assert.equal(await context.store.documentRemove(ref), true);
    assert.equal(await context.store.documentRemove(ref), false);
    assert.equal(await read(context), null);
    const outcome = await write(context, { expectRevision: 0 });
    assert.equal(outcome.kind === 'written' && outcome.document.revision, 1);
  }),
];

function write({ store, tenant }: Context, over: Partial<DocumentWrite>) {
  return store.documentWrite({ tenant, kind: 'k', name: 'n', data: DATA, expectRevision: null, now: NOW, ...over });
}

function read({ store, tenant }: Context) {
  return store.documentRead({ tenant, kind: 'k', name: 'n' });
}

async function list({ store, tenant }: Context, over: Partial<Parameters<Context['store']['documentList']>[0]> = {}) {
  const documents = await store.documentList({ tenant, kind: 'k', limit: 10, ...over });
  return documents.map(({ name }) => name);
}
