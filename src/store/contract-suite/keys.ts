/** API keys: inserted once, revoked once. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { StoredKey } from '../contract.ts';
import { NOW } from './fixtures.ts';
import { alone, type Context, type Topic, test } from './suite.ts';

export const keys: Topic = [
  test('keyRead answers the key that keyInsert stored, and null when there is none', async (context) => {
    const key = keyOf(context);
    assert.equal(await context.store.keyInsert(key), true);
    assert.deepEqual(await context.store.keyRead(key.id), key);
    assert.equal(await context.store.keyRead(`${key.id}-2`), null);
  }),

  test('keyRead and keyList say when a key ends, also after that time: who asks knows what time it is', async (context) => {
    const key = keyOf(context, { expiresAt: NOW + 1 });
    await context.store.keyInsert(key);
    assert.deepEqual(await context.store.keyRead(key.id), key);
    assert.deepEqual(await context.store.keyList(context.tenant), [key]);
  }),

  test('keyInsert answers false and writes nothing when the id is taken', async (context) => {
    const key = keyOf(context);
    await context.store.keyInsert(key);
    assert.equal(await context.store.keyInsert({ ...key, name: 'thief', tenant: 'other' }), false);
    assert.deepEqual(await context.store.keyRead(key.id), key);
  }),

  test('keyList answers the keys of the tenant, the oldest first', async (context) => {
    const late = keyOf(context, { createdAt: NOW + 5 });
    const early = keyOf(context, { scopes: [] });
    await context.store.keyInsert(late);
    await context.store.keyInsert(early);
    assert.deepEqual(await context.store.keyList(context.tenant), [early, late]);
    assert.deepEqual(await context.store.keyList(`${context.tenant}-2`), []);
  }),

  test('keyRevoke answers true once, and the key says when', async (context) => {
    const key = keyOf(context);
    await context.store.keyInsert(key);
    assert.equal(await context.store.keyRevoke({ id: key.id, now: NOW + 1 }), true);
    assert.equal(await context.store.keyRevoke({ id: key.id, now: NOW + 2 }), false);
    assert.equal(await context.store.keyRevoke({ id: `${key.id}-2`, now: NOW }), false);
    assert.deepEqual(await context.store.keyRead(key.id), { ...key, revokedAt: NOW + 1 });
  }),

  alone('keyList answers the keys of all tenants when none is named', async (context) => {
    const one = keyOf(context);
    const two = keyOf(context, { tenant: 'other', createdAt: NOW + 1 });
    await context.store.keyInsert(two);
    await context.store.keyInsert(one);
    assert.deepEqual(await context.store.keyList(null), [one, two]);
    const store = await context.opened.reopen();
    assert.deepEqual(await store.keyList(null), [one, two]);
  }),
];

function keyOf({ tenant }: Context, over: Partial<StoredKey> = {}): StoredKey {
  return {
    id: randomUUID(),
    tenant,
    name: 'a “name”',
    scopes: ['submit', 'read'],
    hash: 'ab'.repeat(32),
    createdAt: NOW,
    revokedAt: null,
    expiresAt: null,
    ...over,
  };
}
