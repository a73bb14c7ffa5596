import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DATABASE_FILE, lossOf } from './lost-database.ts';

function newFolder(t: TestContext): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'bide-lost-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}

/** In the order of a first start. */
function firstStart(folder: string): void {
  for (const name of [DATABASE_FILE, `${DATABASE_FILE}-wal`, 'admin.key']) fs.writeFileSync(join(folder, name), 'x');
}

test('lossOf tells of a used folder whose database is missing or empty', (t) => {
  const folder = newFolder(t);
  assert.equal(lossOf(folder), null);
  firstStart(folder);
  assert.equal(lossOf(folder), null);
  fs.truncateSync(join(folder, DATABASE_FILE));
  assert.equal(lossOf(folder)?.code, 'STORE_EMPTIED');
  fs.rmSync(join(folder, DATABASE_FILE));
  assert.equal(lossOf(folder)?.code, 'STORE_MISSING');
});

test('lossOf finds nothing wrong whenever another process makes its first start in the folder', (t) => {
  const { statSync } = fs;
  let looks = 0;
  let onLook = (_look: number): void => {};
  t.mock.method(fs, 'statSync', (...args: Parameters<typeof statSync>) => {
    onLook(looks);
    looks += 1;
    return statSync(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  for (const start of [0, 1, 2]) {
    const folder = newFolder(t);
    looks = 0;
    onLook = (look) => {
      if (look === start) firstStart(folder);
    };
    assert.equal(lossOf(folder), null, `before look ${start}`);
  }
  assert.ok(looks > 1, 'the looks are seen');
});
