import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BideError } from '../../core/errors.ts';
import { createCheckpoints } from './checkpoint.ts';
import { type Connection, openReaderConnection, openWriterConnection } from './connection.ts';
import { migrateDatabase } from './migrate.ts';

/** A database whose checkpoints fail with a code of SQLite, once there is one. */
function stage(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'bide-checkpoint-'));
  const path = join(folder, 'bide.db');
  const real = openWriterConnection({ path, synchronous: 'normal', databaseBytesMax: null, busyMs: 0 });
  t.after(() => {
    real.close();
    rmSync(folder, { recursive: true });
  });
  migrateDatabase(real.database, false);
  const world = { failure: null as number | null, checkpoints: 0 };
  const connection: Connection = {
    ...real,
    prepareOnce(sql) {
      if (!sql.includes('PASSIVE')) return real.prepareOnce(sql);
      world.checkpoints += 1;
      if (world.failure === null) return real.prepareOnce(sql);
      throw Object.assign(new Error('disk I/O error'), { errcode: world.failure });
    },
  };
  const checkpoints = createCheckpoints(connection, path);
  let number = 0;
  return {
    world,
    path,
    runIfDue: checkpoints.runIfDue,
    frames: () => Number(real.prepareOnce('PRAGMA wal_checkpoint(NOOP)').all()[0]?.[1]),
    copied: () => Number(real.prepareOnce('PRAGMA wal_checkpoint(NOOP)').all()[0]?.[2]),
    write(mib: number) {
      for (let round = 0; round < mib; round += 1) {
        number += 1;
        real.run('tombstonePut', String(number), number, 'x'.repeat(1_048_576), 0, 0);
        checkpoints.runIfDue();
      }
    },
  };
}

test('the log is copied back when it has 16 MB, outside of commits, and begins anew', (t) => {
  const { world, write, frames, copied } = stage(t);
  write(10);
  assert.equal(world.checkpoints, 0);
  assert.equal(copied(), 0);
  write(7);
  assert.equal(world.checkpoints, 1);
  write(1);
  assert.ok(frames() < 1_000, 'the log begins anew');
});

test('a checkpoint whose sync fails throws STORE_UNSYNCED', (t) => {
  for (const code of [1_034, 1_290, 1_546, 10]) {
    const { world, write } = stage(t);
    world.failure = code;
    assert.throws(
      () => write(20),
      (error) => error instanceof BideError && error.code === 'STORE_UNSYNCED',
    );
  }
});

test('a checkpoint that a full disk or a lock holds up is tried again later, not at every commit', (t) => {
  for (const code of [13, 5, 778]) {
    const { world, write, frames } = stage(t);
    world.failure = code;
    write(30);
    assert.ok(world.checkpoints >= 2 && world.checkpoints <= 5, `${world.checkpoints} tries`);
    world.failure = null;
    write(5);
    assert.ok(frames() < 2_000);
  }
});

test('a checkpoint that a long reader stops halfway is finished when the reader has gone', (t) => {
  const { write, frames, path } = stage(t);
  write(2);
  const reader = openReaderConnection(path);
  reader.exec('BEGIN');
  reader.get('jobNumberRead');
  write(30);
  assert.ok(frames() > 7_000, 'the reader holds the log');
  reader.close();
  write(5);
  write(1);
  assert.ok(frames() < 2_000);
});
