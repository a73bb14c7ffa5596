import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openWriterConnection } from './connection.ts';
import { migrateDatabase } from './migrate.ts';
import { createWriter } from './writer.ts';

test('the file shrinks in bounded steps after removals, down to what is kept free', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-shrink-'));
  const path = join(folder, 'bide.db');
  const connection = openWriterConnection({ path, synchronous: 'normal', databaseBytesMax: null, busyMs: 0 });
  const writer = createWriter(connection, path);
  t.after(() => {
    writer.close();
    rmSync(folder, { recursive: true });
  });
  migrateDatabase(connection.database, false);
  for (let number = 1; number <= 40; number += 1) {
    connection.run('tombstonePut', String(number), number, 'x'.repeat(1_048_576), 0, 0);
    writer.rest?.();
  }
  connection.run('tombstoneDeleteOver', 0, 40);
  const steps: number[] = [];
  while (writer.idle?.() === true) steps.push(Number(connection.prepareOnce('PRAGMA page_count').all()[0]?.[0]));
  assert.ok(steps.length >= 5 && steps.length <= 10, `${steps.length} steps`);
  const bytes = statSync(path).size;
  assert.ok(bytes < 20 * 1_048_576, `${bytes} bytes are left of 40 MB`);
  assert.equal(writer.idle?.(), false);
});
