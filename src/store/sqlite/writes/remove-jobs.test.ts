import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { NOW, newJob, textResult } from '../../contract-suite/fixtures.ts';
import { connectionOf } from '../connection.ts';
import { migrateDatabase } from '../migrate.ts';
import { newJobValues, patchBatch } from '../wire.ts';
import { applyPatches } from './apply-patches.ts';
import { insertJobs } from './insert-jobs.ts';
import { removeJobs } from './remove-jobs.ts';
import { transactionOn } from './transaction.ts';

/** What a caller cannot see, since nothing finds it any more, would fill the disk. */
test('removeJobs leaves no row of the job in any table but its tombstone', () => {
  const database = new DatabaseSync(':memory:');
  migrateDatabase(database, false);
  const before = rowsPerTable(database);
  const transaction = transactionOn(connectionOf(database));
  const spec = {
    tags: { a: 'b', c: 'd' },
    sequenceKey: 's',
    idempotencyKey: 'k',
  };
  const job = newJob({ tenant: 't', type: 'x' }, spec);
  insertJobs(transaction, newJobValues([job]));
  const { id } = job.spec;
  const patch = {
    state: 'succeeded' as const,
    finishedAt: NOW,
    result: { contentType: 'application/json', bytes: 300_000 },
  };
  applyPatches(
    transaction,
    patchBatch([{ id, expect: { states: ['waiting'] }, patch, result: textResult('x'.repeat(300_000)) }]).batch,
  );
  const filled = rowsPerTable(database);
  for (const table of ['jobs', 'finished', 'result_parts', 'job_tags']) assert.ok((filled[table] ?? 0) > 0, table);
  assert.deepEqual(removeJobs(transaction, [{ id, revision: 2, now: NOW, goneUntil: NOW + 1 }]), ['removed']);
  transaction.settle();
  assert.deepEqual(rowsPerTable(database), { ...before, tombstones: 1 });
  database.close();
});

/** But for SQLite's own tables. */
function rowsPerTable(database: DatabaseSync): Record<string, number> {
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .all();
  const rows = (name: unknown) => Number(database.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.n);
  return Object.fromEntries(tables.map(({ name }) => [String(name), rows(name)]));
}
