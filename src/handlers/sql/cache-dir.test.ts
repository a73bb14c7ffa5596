import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeCacheDir } from './cache-dir.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'bide-cache-dir-'));
});
afterEach(() => rm(parent, { recursive: true }));

describe('makeCacheDir', () => {
  it('makes a folder that only this user can enter', async () => {
    const folder = await makeCacheDir(parent);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
  });

  it('removes what a process that is gone has left, and nothing else', async () => {
    const { pid } = spawnSync('true');
    const left = join(parent, `bide-sql-${pid}-abcdef`);
    await mkdir(left);
    await writeFile(join(left, 'x.parquet'), '');
    await mkdir(join(parent, `bide-sql-${process.pid}-other`));
    await mkdir(join(parent, 'bide-sql-notes'));
    const made = basename(await makeCacheDir(parent));
    assert.deepEqual((await readdir(parent)).sort(), [made, `bide-sql-${process.pid}-other`, 'bide-sql-notes'].sort());
  });
});
