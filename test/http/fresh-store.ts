/** A store of its own for a test that cares what else is in it: keys and documents outlive the jobs of a store that is used again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../src/store/contract.ts';
import { openSqlite } from '../../src/store/sqlite/index.ts';

export async function openFreshStore(): Promise<AsyncDisposable & { readonly store: Store; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'bide-http-'));
  const store = await openSqlite({ folder, synchronous: 'normal' });
  await store.migrate();
  return {
    store,
    folder,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}
