/** Keys and tokens on a real store: who gets in, for how long, and how fast a revocation works. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SignJWT } from 'jose';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { createFakeClock } from '../../src/engine/index.ts';
import { createAuthenticator } from '../../src/http/auth.ts';
import { createKeys, ensureAdminKey } from '../../src/http/keys.ts';
import type { Store } from '../../src/store/contract.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { openFreshStore } from './fresh-store.ts';
import { openHttp } from './http-fixture.ts';

const DRAFT = { tenant: 'acme', name: 'ci', scopes: ['submit', 'read'] } as const;

/** The store with its reads of keys counted. */
function counted(store: Store): { readonly store: Store; readonly reads: () => number } {
  let reads = 0;
  const keyRead: Store['keyRead'] = (id) => {
    reads += 1;
    return store.keyRead(id);
  };
  return { store: { ...store, keyRead }, reads: () => reads };
}

describe('a key', () => {
  test('is kept as a hash and known by its tenant and scopes', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { key, stored } = await createKeys({ store: opened.store, clock }).create(DRAFT);
    assert.match(key, new RegExp(`^bide_${stored.id}_[0-9a-f]{48}$`));
    assert.doesNotMatch(JSON.stringify(await opened.store.keyList(null)), new RegExp(key.slice(-48)));
    const auth = createAuthenticator({ store: opened.store, clock, limits: DEFAULT_LIMITS });
    const principal = await auth.byKey(key);
    assert.deepEqual(
      [principal?.tenant, principal?.keyId, [...(principal?.scopes ?? [])]],
      ['acme', stored.id, ['submit', 'read']],
    );
  });

  test('is asked of the store once per life of the memory, however many ask at once', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store, reads } = counted(opened.store);
    const { key } = await createKeys({ store, clock }).create(DRAFT);
    const auth = createAuthenticator({ store, clock, limits: DEFAULT_LIMITS });
    await Promise.all(Array.from({ length: 10 }, () => auth.byKey(key)));
    assert.equal(reads(), 1);
    assert.ok(!(auth.byKey(key) instanceof Promise), 'a known key needs no promise');
    clock.advance(DEFAULT_LIMITS.keyCacheMs);
    await auth.byKey(key);
    assert.equal(reads(), 2);
  });

  test('that is wrong is refused, remembered, and pushes out no good one', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store, reads } = counted(opened.store);
    const { key } = await createKeys({ store, clock }).create(DRAFT);
    const auth = createAuthenticator({ store, clock, limits: { ...DEFAULT_LIMITS, keyCacheMax: 2 } });
    await auth.byKey(key);
    const wrong = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
    assert.equal(await auth.byKey(wrong), null);
    assert.equal(await auth.byKey(wrong), null);
    assert.equal(reads(), 2);
    for (let guess = 0; guess < 10; guess += 1) {
      assert.equal(await auth.byKey(`bide_${String(guess).padStart(12, '0')}_${'f'.repeat(48)}`), null);
    }
    assert.ok(!(auth.byKey(key) instanceof Promise));
    for (const text of ['', 'bide__', 'bide_x_y', key.toUpperCase(), ` ${key}`, `${key}\n`]) {
      assert.equal(await auth.byKey(text), null, JSON.stringify(text));
    }
  });

  test('that is revoked ends at once here, and within keyCacheMs in another process', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store } = opened;
    const here = createAuthenticator({ store, clock, limits: DEFAULT_LIMITS });
    const there = createAuthenticator({ store, clock, limits: DEFAULT_LIMITS });
    const keys = createKeys({ store, clock, onRevoked: here.forget });
    const { key, stored } = await keys.create(DRAFT);
    assert.ok((await here.byKey(key)) !== null && (await there.byKey(key)) !== null);
    assert.equal(await keys.revoke(stored.id), true);
    assert.equal(await here.byKey(key), null);
    assert.ok((await there.byKey(key)) !== null);
    clock.advance(DEFAULT_LIMITS.keyCacheMs);
    assert.equal(await there.byKey(key), null);
    assert.equal(await keys.revoke(stored.id), false);
  });

  test('that is revoked while it is being checked is not remembered as good', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { key, stored } = await createKeys({ store: opened.store, clock }).create(DRAFT);
    const paused = Promise.withResolvers<void>();
    const keyRead: Store['keyRead'] = async (id) => {
      const read = await opened.store.keyRead(id);
      await paused.promise;
      return read;
    };
    const auth = createAuthenticator({ store: { ...opened.store, keyRead }, clock, limits: DEFAULT_LIMITS });
    const checking = auth.byKey(key);
    await opened.store.keyRevoke({ id: stored.id, now: clock.now() });
    auth.forget(stored.id);
    paused.resolve();
    await checking;
    assert.equal(await auth.byKey(key), null);
  });

  test('that is drafted badly is refused with the places', async () => {
    await using opened = await openFreshStore();
    const keys = createKeys({ store: opened.store, clock: createFakeClock() });
    await assert.rejects(keys.create({ tenant: '_bide', name: '', scopes: [] }), (error: { details: unknown }) => {
      const { errors } = error.details as { errors: readonly { path: string }[] };
      assert.deepEqual(
        errors.map(({ path }) => path),
        ['/tenant', '/name', '/scopes'],
      );
      return true;
    });
  });
});

describe('a token', () => {
  test('stands for its key on every node, until it expires', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store } = opened;
    const nodes = [0, 1].map(() => createAuthenticator({ store, clock, limits: DEFAULT_LIMITS }));
    const [here, there] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const { key } = await createKeys({ store, clock }).create(DRAFT);
    const principal = await here.byKey(key);
    assert.ok(principal !== null);
    const [issued, second] = await Promise.all([
      here.issueToken(principal, 60_000),
      there.issueToken(principal, 60_000),
    ]);
    assert.notEqual(issued.token, second.token);
    assert.ok(issued.expiresAt - clock.now() <= 60_000 && issued.expiresAt - clock.now() > 58_000);
    for (const node of nodes) assert.deepEqual((await node.byToken(issued.token))?.keyId, principal.keyId);
    clock.advance(61_000);
    for (const node of nodes) assert.equal(await node.byToken(issued.token), null);
  });

  test('is never taken for a key, however often it was used as a token', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store } = opened;
    const auth = createAuthenticator({ store, clock, limits: DEFAULT_LIMITS });
    const { key } = await createKeys({ store, clock }).create(DRAFT);
    const principal = await auth.byKey(key);
    assert.ok(principal !== null);
    const { token } = await auth.issueToken(principal, 60_000);
    assert.equal(await auth.byKey(token), null, 'before it was used');
    assert.ok((await auth.byToken(token)) !== null);
    assert.equal(await auth.byKey(token), null, 'after it was used');
    assert.equal(await auth.byToken(key), null, 'nor a key for a token');
  });

  test('ends with its key', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store } = opened;
    const auth = createAuthenticator({ store, clock, limits: DEFAULT_LIMITS });
    const keys = createKeys({ store, clock, onRevoked: auth.forget });
    const { key, stored } = await keys.create(DRAFT);
    const principal = await auth.byKey(key);
    assert.ok(principal !== null);
    const { token } = await auth.issueToken(principal, 3_600_000);
    assert.ok((await auth.byToken(token)) !== null);
    await keys.revoke(stored.id);
    assert.equal(await auth.byToken(token), null);
  });

  test('that is forged, unsigned or no token at all is refused', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store } = opened;
    const auth = createAuthenticator({ store, clock, limits: DEFAULT_LIMITS });
    const { key, stored } = await createKeys({ store, clock }).create(DRAFT);
    const principal = await auth.byKey(key);
    assert.ok(principal !== null);
    const { token } = await auth.issueToken(principal, 60_000);
    const forged = await new SignJWT({ tenant: 'acme' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('bide')
      .setSubject(stored.id)
      .setExpirationTime(Math.floor(clock.now() / 1_000) + 60)
      .sign(new Uint8Array(32));
    const [head = '', body = ''] = token.split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
    for (const text of [forged, unsigned, `${head}.${body}.`, `${token}x`, 'ey', '', key, 'ey'.repeat(5_000)]) {
      assert.equal(await auth.byToken(text), null, text.slice(0, 40));
    }
  });
});

describe('the first admin key', () => {
  test('is made once, written with mode 600, and gets in', async () => {
    await using opened = await openFreshStore();
    const folder = await mkdtemp(join(tmpdir(), 'bide-admin-'));
    const clock = createFakeClock();
    const options = { store: opened.store, clock, folder };
    await writeFile(join(folder, 'admin.key'), 'left by a store that is gone\n', { mode: 0o644 });
    const made = await ensureAdminKey(options);
    assert.ok(made.kind === 'made');
    const { key } = made;
    assert.equal(await readFile(join(folder, 'admin.key'), 'utf8'), `${key}\n`);
    assert.equal((await stat(join(folder, 'admin.key'))).mode & 0o777, 0o600);
    const auth = createAuthenticator({ store: opened.store, clock, limits: DEFAULT_LIMITS });
    assert.ok((await auth.byKey(key))?.scopes.has('admin'));
    assert.deepEqual(await ensureAdminKey(options), { kind: 'there', isChosenUnknown: false, key });
    const elsewhere = { ...options, folder: join(folder, 'none') };
    assert.deepEqual(await ensureAdminKey(elsewhere), { kind: 'there', isChosenUnknown: false, key: null });
    await createKeys(options).revoke((await opened.store.keyList(null))[0]?.id ?? '');
    assert.equal((await ensureAdminKey(options)).kind, 'made', 'a store that nobody can enter gets a new one');
    await rm(folder, { recursive: true });
  });

  test('is the one that the operator chose, unless the store has another or it was revoked', async () => {
    await using opened = await openFreshStore();
    const folder = await mkdtemp(join(tmpdir(), 'bide-admin-'));
    const clock = createFakeClock();
    const options = { store: opened.store, clock, folder, chosen: `bide_chosen_${'s'.repeat(16)}` };
    // Two servers at once, as on one PostgreSQL: both go on, with the same key.
    const both = await Promise.all([ensureAdminKey(options), ensureAdminKey(options)]);
    assert.deepEqual(both.map(({ kind }) => kind).sort(), ['made', 'there']);
    assert.equal(await readFile(join(folder, 'admin.key'), 'utf8'), `${options.chosen}\n`);
    const key = options.chosen;
    assert.deepEqual(await ensureAdminKey(options), { kind: 'there', isChosenUnknown: false, key });
    const other = { ...options, chosen: `bide_other_${'s'.repeat(16)}` };
    assert.deepEqual(await ensureAdminKey(other), { kind: 'there', isChosenUnknown: true, key });
    await createKeys(options).revoke('chosen');
    await assert.rejects(ensureAdminKey(options), { code: 'CONFIG_INVALID', message: /revoked/ });
    await rm(folder, { recursive: true });
  });
});

describe('an admin key that cannot be written', () => {
  test('is not stored either, and leaves no half file', async () => {
    await using opened = await openFreshStore();
    // A folder in place of the file refuses a rename for root too, whom no mode keeps out.
    const folder = await mkdtemp(join(tmpdir(), 'bide-admin-'));
    await mkdir(join(folder, 'admin.key', 'in-the-way'), { recursive: true });
    const options = { store: opened.store, clock: createFakeClock(), folder };
    await assert.rejects(ensureAdminKey(options), (error: NodeJS.ErrnoException) => error.code !== undefined);
    assert.deepEqual(await opened.store.keyList(null), []);
    assert.deepEqual(await readdir(folder), ['admin.key']);
    await rm(folder, { recursive: true });
  });
});

describe('a token at the native API', () => {
  test('is refused, used elsewhere or not', async () => {
    await using http = await openHttp();
    const principal = await http.auth.byKey(http.keys.admin);
    assert.ok(principal !== null);
    const { token } = await http.auth.issueToken(principal, 60_000);
    for (const use of [() => null, () => http.auth.byToken(token)]) {
      await use();
      assert.equal((await http.call('GET', '/v1/jobs', { key: token })).status, 401);
    }
  });
});

describe('a key that expires', () => {
  test('gets in until then, remembered or not, and its tokens with it', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const { store } = opened;
    const auth = createAuthenticator({ store, clock, limits: { ...DEFAULT_LIMITS, keyCacheMs: 60_000 } });
    const { key } = await createKeys({ store, clock }).create({ ...DRAFT, expiresAt: clock.now() + 5_000 });
    const principal = await auth.byKey(key);
    assert.ok(principal !== null);
    const { token } = await auth.issueToken(principal, 60_000);
    assert.ok((await auth.byToken(token)) !== null);
    clock.advance(5_000);
    assert.equal(await auth.byKey(key), null);
    assert.equal(await auth.byToken(token), null);
  });

  test('is made over HTTP with a time in the future, and is said with it', async () => {
    await using http = await openHttp();
    const expiresAt = new Date(http.on.clock.now() + 60_000).toISOString();
    const made = await http.call('POST', '/v1/keys', { body: { name: 'ci', scopes: ['read'], expiresAt } });
    assert.deepEqual([made.status, made.json().expiresAt], [201, expiresAt]);
    const past = new Date(http.on.clock.now()).toISOString();
    const refused = await http.call('POST', '/v1/keys', { body: { name: 'ci', scopes: ['read'], expiresAt: past } });
    assert.deepEqual([refused.status, refused.json().code], [400, 'INVALID_REQUEST']);
  });
});

describe('what is held open for a key that is no longer in force', () => {
  test('ends at once when this process revokes it: waits with 401, streams by their end', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const made = (await http.call('POST', '/v1/keys', { body: { name: 'x', scopes: ['read', 'work'] } })).json();
    const key = String(made.key);
    const held = [
      http.call('GET', `/v1/jobs/${id}?wait=30`, { key }),
      http.call('POST', '/v1/jobs/wait', { key, body: { ids: [id], timeout: 30 } }),
    ];
    const stream = http.call('GET', `/v1/jobs/${id}/events`, { key });
    await http.held(3);
    await http.call('DELETE', `/v1/keys/${made.id}`);
    for (const answer of await Promise.all(held)) assert.equal(answer.status, 401, answer.text);
    assert.equal((await stream).status, 200);
    assert.equal(http.holds.count, 0);
  });

  test('ends within keyCacheMs when it expires or another process revokes it', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const { store, clock } = http.on;
    const elsewhere = createKeys({ store, clock });
    const expiring = await elsewhere.create({ ...DRAFT, expiresAt: clock.now() + 1_000, tenant: TENANT });
    const revoked = await elsewhere.create({ ...DRAFT, tenant: TENANT });
    const held = [expiring, revoked].map(({ key }) => http.call('GET', `/v1/jobs/${id}?wait=30`, { key }));
    await http.held(2);
    await elsewhere.revoke(revoked.stored.id);
    clock.advance(DEFAULT_LIMITS.keyCacheMs);
    for (const answer of await Promise.all(held)) assert.equal(answer.status, 401, answer.text);
  });
});

describe('managing keys over HTTP', () => {
  test('makes, lists and revokes them', async () => {
    await using http = await openHttp();
    const made = await http.call('POST', '/v1/keys', { body: { name: 'ci', scopes: ['submit'], tenant: 'other' } });
    assert.equal(made.status, 201);
    assert.equal(made.headers['cache-control'], 'no-store');
    const { key, id, tenant } = made.json();
    assert.equal(tenant, 'other');
    const submit = () => http.call('POST', '/v1/jobs', { key: String(key), body: { type: 'task' } });
    assert.equal((await submit()).status, 202);
    const listed = (await http.call('GET', '/v1/keys?tenant=other')).json().keys as { id: string }[];
    assert.deepEqual(
      listed.map((entry) => entry.id),
      [id],
    );
    assert.equal('key' in (listed[0] ?? {}), false);
    assert.equal((await http.call('DELETE', `/v1/keys/${id}`)).status, 204);
    assert.equal((await submit()).status, 401);
    const again = await http.call('DELETE', `/v1/keys/${id}`);
    assert.deepEqual([again.status, again.json().code], [404, 'KEY_NOT_FOUND']);
  });

  test('refuses a draft that is no good', async () => {
    await using http = await openHttp();
    for (const body of [
      { name: 'x', scopes: ['root'] },
      { name: 'x', scopes: [] },
      { scopes: ['read'] },
      { name: 'x', scopes: ['read'], tenant: '../x' },
    ]) {
      const answer = await http.call('POST', '/v1/keys', { body });
      assert.deepEqual([answer.status, answer.json().code], [400, 'INVALID_REQUEST'], JSON.stringify(body));
    }
  });
});

describe('a pass', () => {
  test('stands for its key and one job, as no key and no token, and ends when the key is revoked', async () => {
    await using opened = await openFreshStore();
    const clock = createFakeClock();
    const keys = createKeys({ store: opened.store, clock });
    const { stored } = await keys.create(DRAFT);
    const auth = createAuthenticator({ store: opened.store, clock, limits: DEFAULT_LIMITS });
    const jobId = '01912c5e-0000-7000-8000-000000000001';
    const pass = await auth.passFor({ keyId: stored.id }, jobId);
    const found = await auth.byPass(pass);
    assert.deepEqual([found?.jobId, found?.principal.tenant, found?.principal.keyId], [jobId, 'acme', stored.id]);
    assert.equal(await auth.byKey(pass), null);
    assert.equal(await auth.byToken(pass), null);
    assert.equal(await keys.revoke(stored.id), true);
    assert.equal(await auth.byPass(pass), null);
  });
});
