import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import type { Store } from '../contract.ts';
import { newJob, readJob } from '../contract-suite/fixtures.ts';
import { storeError } from './driver-errors.ts';
import { openSqlite, type SqliteOptions } from './index.ts';

const WHOSE = { tenant: 't', type: 'x' };

function newFolder(t: { after(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'bide-errors-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function opened(options: SqliteOptions): Promise<Store> {
  const store = await openSqlite(options);
  await store.migrate();
  return store;
}

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | 'none'> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    assert.ok(error instanceof BideError, String(error));
    return error.code;
  }
}

test('insert rejects with STORE_FULL when the disk is full, and what was stored stays and can be read', async (t) => {
  const folder = newFolder(t);
  const store = await opened({ folder, databaseBytesMax: 1_048_576 });
  t.after(() => store.close());
  const stored: string[] = [];
  let code: ErrorCode | 'none' = 'none';
  for (let round = 0; round < 200 && code === 'none'; round += 1) {
    const item = newJob(WHOSE, {}, JSON.stringify('x'.repeat(20_000)));
    code = await codeOf(store.insert([item]));
    if (code === 'none') stored.push(item.spec.id);
    else assert.deepEqual(await store.read([{ id: item.spec.id }]), [{ kind: 'missing' }]);
  }
  assert.equal(code, 'STORE_FULL');
  assert.ok(stored.length > 10);
  for (const id of stored) assert.equal((await readJob(store, id)).state, 'waiting');
  assert.deepEqual(await store.count({ tenant: 't' }), [{ ...WHOSE, state: 'waiting', count: stored.length }]);
});

test('insert stores nothing of a batch when the disk fills in the middle of it', async (t) => {
  const store = await opened({ folder: newFolder(t), databaseBytesMax: 1_048_576 });
  t.after(() => store.close());
  const batch = Array.from({ length: 100 }, () => newJob(WHOSE, {}, JSON.stringify('x'.repeat(20_000))));
  assert.equal(await codeOf(store.insert(batch)), 'STORE_FULL');
  assert.deepEqual(await store.count({ tenant: null }), []);
  assert.deepEqual(await store.list({ tenant: null, limit: 10 }), []);
  assert.equal(await codeOf(store.insert([newJob(WHOSE)])), 'none');
});

test('calls beside a batch that does not fit succeed when they fit themselves', async (t) => {
  const store = await opened({ folder: newFolder(t), databaseBytesMax: 1_048_576 });
  t.after(() => store.close());
  const large = newJob(WHOSE, {}, JSON.stringify('x'.repeat(2_000_000)));
  const codes = await Promise.all([
    codeOf(store.insert([newJob(WHOSE)])),
    codeOf(store.insert([large])),
    codeOf(store.insert([newJob(WHOSE)])),
  ]);
  assert.deepEqual(codes, ['none', 'STORE_FULL', 'none']);
  assert.equal((await store.list({ tenant: null, limit: 10 })).length, 2);
});

test('openSqlite rejects with STORE_DAMAGED when the file is no database', async (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'bide.db'), 'not a database at all; '.repeat(500));
  assert.equal(await codeOf(openSqlite({ folder })), 'STORE_DAMAGED');
});

test('openSqlite rejects with STORE_FOREIGN when the database is of another program, and leaves it alone', async (t) => {
  const folder = newFolder(t);
  const path = join(folder, 'bide.db');
  const foreign = new DatabaseSync(path);
  foreign.exec('CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (1)');
  foreign.close();
  const before = readFileSync(path);
  assert.equal(await codeOf(openSqlite({ folder })), 'STORE_FOREIGN');
  assert.deepEqual(readFileSync(path), before);
});

test('openSqlite rejects with STORE_DAMAGED when everything but the header was overwritten', async (t) => {
  const folder = newFolder(t);
  await filled(folder);
  overwriteFrom(join(folder, 'bide.db'), 1);
  assert.equal(await codeOf(openSqlite({ folder })), 'STORE_DAMAGED');
});

test('calls reject with STORE_DAMAGED when pages that hold jobs were overwritten', async (t) => {
  const folder = newFolder(t);
  const ids = await filled(folder);
  overwriteFrom(join(folder, 'bide.db'), 75);
  const damaged = await openSqlite({ folder });
  t.after(() => damaged.close());
  assert.equal(await codeOf(damaged.read(ids.map((id) => ({ id })))), 'STORE_DAMAGED');
  assert.equal(await codeOf(damaged.list({ tenant: 't', limit: 500 })), 'STORE_DAMAGED');
  const patches = ids.map((id) => ({ id, expect: { states: ['waiting'] as const }, patch: { runAt: 1 } }));
  assert.equal(await codeOf(damaged.apply(patches)), 'STORE_DAMAGED');
});

async function filled(folder: string): Promise<readonly string[]> {
  const store = await opened({ folder });
  const batch = Array.from({ length: 300 }, () => newJob(WHOSE, { tags: { a: 'b' } }, JSON.stringify('x'.repeat(200))));
  await store.insert(batch);
  await store.close();
  return batch.map(({ spec }) => spec.id);
}

const PAGE_BYTES = 4_096;

function overwriteFrom(path: string, page: number): void {
  const bytes = statSync(path).size - page * PAGE_BYTES;
  assert.ok(bytes > 0, 'the file has fewer pages');
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0x5a), 0, bytes, page * PAGE_BYTES);
  closeSync(file);
}

test('calls reject with STORE_LOCKED when another program keeps a lock on the file', async (t) => {
  const folder = newFolder(t);
  const store = await opened({ folder, busyMs: 20 });
  t.after(() => store.close());
  const other = new DatabaseSync(join(folder, 'bide.db'));
  other.exec('BEGIN IMMEDIATE');
  assert.equal(await codeOf(store.insert([newJob(WHOSE)])), 'STORE_LOCKED');
  other.exec('ROLLBACK');
  other.close();
  assert.equal(await codeOf(store.insert([newJob(WHOSE)])), 'none');
});

/** Root may write anything, so the folder is opened by a process that gives up being root. */
async function openedByNobody(folder: string): Promise<string> {
  const script = `
    import { openSqlite } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    if (process.getuid() === 0) {
      process.setgid(65534);
      process.setuid(65534);
    }
    try {
      await openSqlite({ folder: ${JSON.stringify(folder)} });
      console.log('opened');
      process.exit();
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  const args = ['--input-type=module-typescript', '-e', script];
  return (await promisify(execFile)(process.execPath, args)).stdout.trim();
}

test('openSqlite rejects with STORE_READ_ONLY when the folder cannot be written', async (t) => {
  const folder = newFolder(t);
  chmodSync(folder, 0o555);
  assert.equal(await openedByNobody(folder), `STORE_READ_ONLY The data folder ${folder} cannot be written.`);
});

test('openSqlite rejects with STORE_READ_ONLY when the folder cannot be made', async (t) => {
  const parent = newFolder(t);
  chmodSync(parent, 0o555);
  const folder = join(parent, 'data');
  assert.equal(await openedByNobody(folder), `STORE_READ_ONLY The data folder ${folder} cannot be written.`);
});

test('openSqlite rejects with STORE_READ_ONLY when the lock file cannot be written', async (t) => {
  const folder = newFolder(t);
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, 'bide.lock'), '');
  chmodSync(join(folder, 'bide.lock'), 0o444);
  assert.equal(await openedByNobody(folder), `STORE_READ_ONLY The data folder ${folder} cannot be written.`);
});

test('openSqlite rejects with STORE_UNAVAILABLE when there is a file in place of the folder', async (t) => {
  const path = join(newFolder(t), 'file');
  writeFileSync(path, '');
  assert.equal(await codeOf(openSqlite({ folder: join(path, 'data') })), 'STORE_UNAVAILABLE');
});

test('openSqlite rejects with STORE_UNAVAILABLE when there is a folder in place of the file', async (t) => {
  const folder = newFolder(t);
  mkdirSync(join(folder, 'bide.db'));
  assert.equal(await codeOf(openSqlite({ folder })), 'STORE_UNAVAILABLE');
});

test('storeError translates by code when codes are extended, and keeps the cause', () => {
  const rows: readonly (readonly [number, ErrorCode])[] = [
    [5, 'STORE_LOCKED'],
    [261, 'STORE_LOCKED'],
    [6, 'STORE_LOCKED'],
    [8, 'STORE_READ_ONLY'],
    [776, 'STORE_READ_ONLY'],
    [10, 'STORE_UNAVAILABLE'],
    [778, 'STORE_UNAVAILABLE'],
    [522, 'STORE_DAMAGED'],
    [11, 'STORE_DAMAGED'],
    [26, 'STORE_DAMAGED'],
    [13, 'STORE_FULL'],
    [4874, 'STORE_FULL'],
    [14, 'STORE_UNAVAILABLE'],
    [1555, 'INTERNAL'],
    [275, 'INTERNAL'],
    [1, 'INTERNAL'],
  ];
  for (const [errcode, code] of rows) {
    const cause = Object.assign(new Error('words that nobody reads'), { code: 'ERR_SQLITE_ERROR', errcode });
    const error = storeError(cause, 'bide.db');
    assert.equal(error.code, code, String(errcode));
    assert.equal(error.cause, cause);
  }
});

test('storeError translates by code when the file system refuses', () => {
  const rows = { EACCES: 'STORE_READ_ONLY', EROFS: 'STORE_READ_ONLY', ENOSPC: 'STORE_FULL', EIO: 'STORE_UNAVAILABLE' };
  for (const [systemCode, code] of Object.entries(rows)) {
    const cause = Object.assign(new Error('x'), { code: systemCode, syscall: 'open' });
    assert.equal(storeError(cause, 'bide.db').code, code);
  }
  assert.equal(storeError(new TypeError('a bug'), 'bide.db').code, 'INTERNAL');
  assert.equal(storeError('not even an error', 'bide.db').code, 'INTERNAL');
});
