/** API keys: written by few, read by every process that sees a key for the first time. */
import type { Scope } from '../../core/scopes.ts';
import type { StoredKey } from '../contract.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { givenText, storedText } from './wire-text.ts';

export async function insertKey(session: Session, key: StoredKey): Promise<boolean> {
  const { id, tenant, name, scopes, hash, createdAt, revokedAt, expiresAt } = key;
  const texts = [id, tenant, name, JSON.stringify(scopes), hash].map(storedText);
  return repeated(async (isRepeat) => {
    const rows = await session.run('keyInsert', [...texts, createdAt, revokedAt, expiresAt]);
    if (rows.length > 0) return true;
    // Taken, perhaps by the try whose answer was lost: nobody else has this hash.
    return isRepeat && (await readKey(session, id))?.hash === hash;
  });
}

export async function readKey(session: Session, id: string): Promise<StoredKey | null> {
  const [row] = await repeated(() => session.run('keyRead', [storedText(id)]));
  return row === undefined ? null : keyOf(row);
}

export async function listKeys(session: Session, tenant: string | null): Promise<readonly StoredKey[]> {
  const rows = await repeated(() =>
    tenant === null
      ? session.run('keyListAll', [], 'long')
      : session.run('keyListOfTenant', [storedText(tenant)], 'long'),
  );
  return rows.map(keyOf);
}

export async function revokeKey(session: Session, id: string, now: number): Promise<boolean> {
  return repeated(async (isRepeat) => {
    const rows = await session.run('keyRevoke', [storedText(id), now]);
    return rows.length > 0 || (isRepeat && (await readKey(session, id))?.revokedAt === now);
  });
}

export function keyOf([id, tenant, name, scopes, hash, createdAt, revokedAt, expiresAt]: Row): StoredKey {
  return {
    id: givenText(id as string),
    tenant: givenText(tenant as string),
    name: givenText(name as string),
    scopes: JSON.parse(scopes as string) as readonly Scope[],
    hash: givenText(hash as string),
    createdAt: createdAt as number,
    revokedAt: revokedAt as number | null,
    expiresAt: expiresAt as number | null,
  };
}
