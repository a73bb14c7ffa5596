/**
 * A disk that fails one sync of `bide.db` and loses what it should have written, as Linux does it, and a power cut later: the file
 * is whole and every acknowledged job is there. The process that met the failure has acknowledged nothing after it.
 *
 * The disk is a small C library, so this runs where a C compiler is; what the store does about a failed checkpoint is tested
 * without one in `src/store/sqlite/checkpoint.test.ts`.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSqlite } from '../../src/store/sqlite/index.ts';

const DISK_SOURCE = fileURLToPath(new URL('./disk/unsynced-disk.c', import.meta.url));
const INDEX = new URL('../../src/store/sqlite/index.ts', import.meta.url).href;
const FIXTURES = new URL('../../src/store/contract-suite/fixtures.ts', import.meta.url).href;
const UNSAFE = 6;

const base = mkdtempSync(join(tmpdir(), 'bide-unsynced-'));
after(() => rmSync(base, { recursive: true, force: true }));
const disk = compiled();

/** Null where there is no C compiler. */
function compiled(): string | null {
  if (process.platform !== 'linux') return null;
  const library = join(base, 'unsynced-disk.so');
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, DISK_SOURCE, '-ldl', '-lpthread'], { stdio: 'pipe' });
    return library;
  } catch {
    return null;
  }
}

/** Inserts and prints what was acknowledged; now and then a dump holds the log, so that checkpoints stop in the middle of it. */
const inserter = (folder: string) => `
  import { writeSync } from 'node:fs';
  import { openSqlite } from ${JSON.stringify(INDEX)};
  import { newJob } from ${JSON.stringify(FIXTURES)};
  const store = await openSqlite({ folder: ${JSON.stringify(folder)} });
  store.unsafe?.then(() => process.exit(${UNSAFE}));
  await store.migrate();
  let dump = null;
  for (let round = 0; round < 70; round += 1) {
    if (round % 14 === 3) { dump = store.dump()[Symbol.asyncIterator](); await dump.next(); }
    if (round % 14 === 10) await dump?.return();
    const batch = Array.from({ length: 30 }, () => newJob({ tenant: 't', type: 'x' }, { tags: { a: 'b' } }, JSON.stringify('x'.repeat(30_000))));
    const refused = await store.insert(batch).then(() => null, (error) => error);
    writeSync(1, batch.map(({ spec }) => (refused === null ? '+' : '-') + spec.id + '\\n').join(''));
  }
  process.kill(process.pid, 'SIGKILL');`;

async function runOn(disk: string, failsAt: number) {
  const folder = mkdtempSync(join(base, 'data-'));
  const onDisk = join(folder, 'on-disk');
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', inserter(folder)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LD_PRELOAD: disk, SYNC_FAILS_AT: String(failsAt), ON_DISK: onDisk },
  });
  const exited = once(child, 'exit');
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('+')) acknowledged.push(line.slice(1));
  }
  const [exitCode] = await exited;
  // The power is cut: of the database there is what was synced; the log is synced at every commit.
  rmSync(join(folder, 'bide.db-shm'), { force: true });
  if (existsSync(onDisk)) copyFileSync(onDisk, join(folder, 'bide.db'));
  return { folder, acknowledged, exitCode };
}

async function assertWhole(folder: string, acknowledged: readonly string[]): Promise<void> {
  const store = await openSqlite({ folder });
  await store.migrate();
  const found = await store.read(acknowledged.map((id) => ({ id })));
  const inputs = await store.readInput(acknowledged.map((id) => ({ id })));
  await store.close();
  const database = new DatabaseSync(join(folder, 'bide.db'));
  assert.deepEqual(database.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']]);
  database.close();
  assert.deepEqual(new Set(found.map(({ kind }) => kind)), new Set(['found']));
  assert.ok(inputs.every((input) => input?.length === 30_002));
}

if (disk !== null) {
  test('nothing acknowledged is lost and nothing damaged, whichever sync of the database fails', async () => {
    const healthy = await runOn(disk, 0);
    assert.equal(healthy.exitCode, null, 'ends by SIGKILL when no sync fails');
    await assertWhole(healthy.folder, healthy.acknowledged);
    const codes: (number | null)[] = [];
    for (const failsAt of [3, 4, 5, 6]) {
      const { folder, acknowledged, exitCode } = await runOn(disk, failsAt);
      codes.push(exitCode);
      assert.ok(acknowledged.length < healthy.acknowledged.length);
      await assertWhole(folder, acknowledged);
    }
    assert.deepEqual(codes, [UNSAFE, UNSAFE, UNSAFE, UNSAFE]);
  });
}
