/** API keys: stored as the hash of the key, never the key. */
import type { StoredKey } from '../../contract.ts';
import type { Transaction } from './transaction.ts';

export function insertKey({ connection }: Transaction, key: StoredKey): boolean {
  const { id, tenant, name, scopes, hash, createdAt, revokedAt, expiresAt } = key;
  const row = [id, tenant, name, JSON.stringify(scopes), hash, createdAt, revokedAt, expiresAt];
  return connection.run('keyInsert', ...row) === 1;
}

export function revokeKey(
  { connection }: Transaction,
  { id, now }: { readonly id: string; readonly now: number },
): boolean {
  return connection.run('keyRevoke', id, now) === 1;
}
