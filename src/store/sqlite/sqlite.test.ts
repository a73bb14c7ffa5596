/**
 * The SQLite store against the store contract. Without waiting for the disk: no test can cut the power, and the suite writes
 * some thousand times. Crashes with the default setting are in `crash.test.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testStore } from '../contract-suite/index.ts';
import { openSqlite } from './index.ts';

testStore('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-'));
  const open = () => openSqlite({ folder, synchronous: 'normal' });
  let store = await open();
  await store.migrate();
  return {
    store,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async cleanup() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
