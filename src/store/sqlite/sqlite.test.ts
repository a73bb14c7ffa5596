/** The SQLite store against the store contract. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testStore } from '../contract-suite/index.ts';
import { openSqlite } from './index.ts';

testStore('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-'));
  let store = await openSqlite({ folder });
  await store.migrate();
  return {
    store,
    async reopen() {
      await store.close();
      store = await openSqlite({ folder });
      return store;
    },
    async cleanup() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
