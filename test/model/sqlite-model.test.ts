/** The SQLite store against the oracle. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../src/store/sqlite/index.ts';
import { testModel } from './test-model.ts';

testModel('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-model-'));
  const store = await openSqlite({ folder, synchronous: 'normal' });
  await store.migrate();
  return {
    store,
    reopen: () => Promise.reject(new Error('The model does not open a store again.')),
    async cleanup() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
