/**
 * API keys: making, listing and revoking them, and the admin key of a first start.
 *
 * A key is shown once, when it is made; the store keeps its hash. Keys belong to a tenant and carry scopes; `admin` includes all other
 * scopes and manages the keys of every tenant.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KEY_ID_BYTES, KEY_SECRET_BYTES, keyIdOf, keyOf } from '../core/api-key.ts';
import { BideError } from '../core/errors.ts';
import { SCOPES } from '../core/scopes.ts';
import { makeLastingFolder, placeLasting } from '../disk/lasting.ts';
import { writeRefusal } from '../disk/write-refusal.ts';
import type { KeyStore, StoredKey } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';
import { isInForce, type KeyAuthenticator, keyHash } from './auth.ts';
import type { KeyAdmin, KeyDraft } from './dialect.ts';
import type { Holds } from './hold.ts';

export const DEFAULT_TENANT = 'default';
export const ADMIN_KEY_FILE = 'admin.key';

/** A leading underscore is left to Bide's own documents. */
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const NAME_LENGTH_MAX = 100;
/** Two ids of 48 bits hardly ever meet; a second draw is already more than enough. */
const DRAWS_MAX = 5;

export interface KeyOptions {
  readonly store: KeyStore;
  readonly clock: Clock;
  /** Called after a revocation was stored, so that this process forgets the key at once. */
  readonly onRevoked?: (keyId: string) => void;
}

export function createKeys({ store, clock, onRevoked }: KeyOptions): KeyAdmin {
  return {
    async create(draft) {
      requireValid(draft, clock.now());
      return storeKey(store, clock, drawKey(), draft);
    },
    list: (tenant) => store.keyList(tenant),
    async revoke(id) {
      const isRevoked = await store.keyRevoke({ id, now: clock.now() });
      onRevoked?.(id);
      return isRevoked;
    },
  };
}

/** What this process does at once with a key that it revoked. */
export function forgetting(auth: Pick<KeyAuthenticator, 'forget'>, holds: Pick<Holds, 'endKey'>) {
  return (keyId: string): void => {
    auth.forget(keyId);
    holds.endKey(keyId);
  };
}

export interface AdminKeyOptions extends KeyOptions {
  /** The data folder; made where there is none. */
  readonly folder: string;
  /** What the operator chose, for a store that has none yet; one is drawn without it. */
  readonly chosen?: string | undefined;
}

export type AdminKey =
  | { readonly kind: 'made'; readonly key: string }
  /**
   * The store has one in force. `isChosenUnknown`: it is another than what the operator chose, and that gets nobody in.
   * `key`: one in force that is at hand here, as the operator's choice or in the data folder.
   */
  | { readonly kind: 'there'; readonly isChosenUnknown: boolean; readonly key: string | null };

/**
 * Makes an admin key where the store has none in force, and leaves it in `folder/admin.key` with mode 600.
 *
 * The file is written before the key is stored: a crash between the two leaves a file with a key that nobody accepts, and the next
 * start writes it anew. The other way round, it would leave a store that nobody can enter.
 * @throws STORE_READ_ONLY or STORE_FULL where the file cannot be written, CONFIG_INVALID for a chosen key that was in force once.
 */
export async function ensureAdminKey(options: AdminKeyOptions): Promise<AdminKey> {
  const { store, clock, folder, chosen } = options;
  const there = await adminKeyThere(options);
  if (there !== null) return there;
  const first = chosen === undefined ? drawKey() : { id: keyIdOf(chosen) ?? '', key: chosen };
  await writeSecretFile(join(folder, ADMIN_KEY_FILE), `${first.key}\n`);
  const draft = { tenant: DEFAULT_TENANT, name: 'first admin key', scopes: [...SCOPES] };
  if (chosen !== undefined) {
    if (await store.keyInsert(storedOf(first, draft, clock))) return { kind: 'made', key: chosen };
    // Two servers that start at once on one database were told the same key: the other one has stored it.
    const meanwhile = await adminKeyThere(options);
    if (meanwhile !== null) return meanwhile;
    throw new BideError('CONFIG_INVALID', 'The chosen admin key was revoked or has expired: choose another.');
  }
  const made = await storeKey(store, clock, first, draft);
  if (made.key !== first.key) await writeSecretFile(join(folder, ADMIN_KEY_FILE), `${made.key}\n`);
  return { kind: 'made', key: made.key };
}

async function adminKeyThere({ store, clock, chosen, folder }: AdminKeyOptions): Promise<AdminKey | null> {
  const now = clock.now();
  const inForce = (await store.keyList(null)).filter((key) => isInForce(key, now));
  const admins = inForce.filter((key) => key.scopes.includes('admin'));
  if (admins.length === 0) return null;
  const isChosenUnknown = chosen !== undefined && !inForce.some(({ hash }) => hash === keyHash(chosen));
  const atHand = [chosen, await keyInFile(folder)].find(
    (key) => key !== undefined && admins.some(({ hash }) => hash === keyHash(key)),
  );
  return { kind: 'there', isChosenUnknown, key: atHand ?? null };
}

/** What an earlier start has left; a file that may not be read is none. */
async function keyInFile(folder: string): Promise<string | undefined> {
  return readFile(join(folder, ADMIN_KEY_FILE), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

interface DrawnKey {
  readonly id: string;
  readonly key: string;
}

function drawKey(): DrawnKey {
  const id = randomBytes(KEY_ID_BYTES).toString('hex');
  return { id, key: keyOf(id, randomBytes(KEY_SECRET_BYTES).toString('hex')) };
}

async function storeKey(
  store: KeyStore,
  clock: Clock,
  first: DrawnKey,
  draft: KeyDraft,
): Promise<{ readonly key: string; readonly stored: StoredKey }> {
  let drawn = first;
  for (let draw = 1; draw <= DRAWS_MAX; draw += 1) {
    const stored = storedOf(drawn, draft, clock);
    if (await store.keyInsert(stored)) return { key: drawn.key, stored };
    drawn = drawKey();
  }
  throw new BideError('INTERNAL', `No free key id was found in ${DRAWS_MAX} draws.`);
}

function storedOf(
  { id, key }: DrawnKey,
  { tenant, name, scopes, expiresAt = null }: KeyDraft,
  clock: Clock,
): StoredKey {
  return { id, tenant, name, scopes, hash: keyHash(key), createdAt: clock.now(), revokedAt: null, expiresAt };
}

function requireValid({ tenant, name, scopes, expiresAt }: KeyDraft, now: number): void {
  const issues = [];
  if (!TENANT.test(tenant)) {
    issues.push({ path: '/tenant', message: 'must be 1 to 63 letters, digits, dots, dashes or underscores' });
  }
  if (name.trim() === '' || name.length > NAME_LENGTH_MAX) {
    issues.push({ path: '/name', message: `must be 1 to ${NAME_LENGTH_MAX} characters` });
  }
  if (scopes.length === 0 || scopes.some((scope) => !SCOPES.includes(scope))) {
    issues.push({ path: '/scopes', message: `must be some of ${SCOPES.join(', ')}` });
  }
  if (expiresAt != null && !(Number.isSafeInteger(expiresAt) && expiresAt > now)) {
    issues.push({ path: '/expiresAt', message: 'must be a time in the future' });
  }
  if (issues.length > 0)
    throw new BideError('INVALID_REQUEST', 'The key cannot be made like this.', { errors: issues });
}

/** Through a new file, since the mode of an existing one would stay what it is, and a half-written key would lock its reader out. */
async function writeSecretFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await makeLastingFolder(dirname(path));
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await placeLasting(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw writeRefusal(cause, 'the admin key', path) ?? cause;
  }
}
