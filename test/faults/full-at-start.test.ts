/**
 * `bide serve` on a disk without room says that it is full and where, leaves no drafts, and starts once there is room.
 *
 * On a small file system of its own where the test may mount one (root on Linux); elsewhere every new file of the data folder is refused
 * by a preloaded module, as a full disk refuses it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startServer } from '../process/server-process.ts';

const DISK_KB = 1_024;
/** Nothing; no room for the index of the log; half of the first transaction. A start needs about 210 kB. */
const FREE_KB = [0, 40, 100];

interface Place {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  leaveFree(kb: number): void;
  clear(): void;
}

test('a start without room on the disk says so with its folder, leaves no drafts, and works once there is room', async (t) => {
  const place = smallDisk(t) ?? refusingDisk(t);
  for (const freeKb of FREE_KB) {
    place.leaveFree(freeKb);
    const data = join(place.folder, `data-${freeKb}`);
    await assert.rejects(startServer({ data, cwd: place.folder, env: place.env }), (error: Error) => {
      t.diagnostic(`${freeKb} kB free: ${error.message.split('\n').slice(0, 2).join(' ')}`);
      assert.match(error.message, /ended with 1/);
      assert.match(error.message, /disk is full/);
      assert.ok(error.message.includes(data), error.message);
      return true;
    });
    assert.deepEqual(
      readdirSync(data).filter((name) => /^(server\.json|admin\.key)/.test(name)),
      [],
    );
    place.clear();
  }
  // The folder in which a start got furthest.
  await using server = await startServer({ data: join(place.folder, `data-${FREE_KB.at(-1)}`), cwd: place.folder });
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
});

/** Null where nothing may be mounted. */
function smallDisk(t: TestContext): Place | null {
  const folder = mkdtempSync(join(tmpdir(), 'bide-full-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KB}k`, 'tmpfs', folder]).status === 0;
  t.after(() => {
    if (isMounted) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  if (!isMounted) return null;
  const filler = join(folder, 'filler');
  return {
    ...{ folder, env: {} },
    leaveFree: (kb) => writeFileSync(filler, Buffer.alloc((DISK_KB - kb) * 1_024)),
    clear: () => rmSync(filler),
  };
}

function refusingDisk(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'bide-full-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const code = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { openSync } = fs;
    fs.openSync = (path, ...rest) => {
      if (!String(path).endsWith('bide.db')) return openSync(path, ...rest);
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'open' });
    };
    syncBuiltinESMExports();`;
  return {
    folder,
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` },
    leaveFree: (kb) => mkdirSync(join(folder, `data-${kb}`)),
    clear() {},
  };
}
