/** The SQLite store against the oracle. What no answer shows is looked at in the file: each job in one room, with the same copies. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../../src/store/sqlite/index.ts';
import { testModel } from './test-model.ts';

/** A job counts 10, a room 1. */
const MISPLACED = `SELECT number, sum(weight) FROM (
  SELECT number, 10 AS weight FROM jobs UNION ALL SELECT number, 1 FROM waiting UNION ALL SELECT number, 1 FROM running
  UNION ALL SELECT number, 1 FROM finished) GROUP BY number HAVING sum(weight) <> 11`;
const UNLIKE = `SELECT number FROM jobs j JOIN waiting w USING (number)
    WHERE (j.tenant, j.type, j.priority) <> (w.tenant, w.type, w.priority)
      OR j.sequence_key IS NOT w.sequence_key OR j.timeout_ms IS NOT w.timeout_ms
  UNION ALL SELECT number FROM jobs j JOIN running r USING (number)
    WHERE j.tenant <> r.tenant OR j.sequence_key IS NOT r.sequence_key OR j.timeout_ms IS NOT r.timeout_ms
  UNION ALL SELECT number FROM jobs j JOIN finished f USING (number)
    WHERE j.tenant <> f.tenant OR j.retain_ms <> f.retain_ms`;

testModel('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-model-'));
  const store = await openSqlite({ folder, synchronous: 'normal' });
  await store.migrate();
  return {
    store,
    reopen: () => Promise.reject(new Error('The model does not open a store again.')),
    async cleanup() {
      await store.close();
      const database = new DatabaseSync(join(folder, 'bide.db'));
      const found = [MISPLACED, UNLIKE].flatMap((sql) => database.prepare(sql).all());
      database.close();
      rmSync(folder, { recursive: true });
      assert.deepEqual(found, []);
    },
  };
});
