/** What the numbers were measured on: the machine, its disk, and every version that takes part. */
import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../../test/postgres/binaries.ts';
import type { Facts } from '../report/result.ts';
import { freshFolder } from './children.ts';
import { loadGenerator } from './load.ts';
import { bunVersion, hasProgram, packageNames, versionOf } from './peers.ts';
import { POSTGRES_SETTINGS } from './services.ts';

const SYNC_MS = 1_000;
const PAGE_BYTES = 4_096;

export function machineFacts(): Facts {
  const [cpu] = cpus();
  const peers = packageNames().map((name): readonly [string, string] => [name, versionOf(name) ?? 'not installed']);
  return [
    ['CPU', `${cpus().length} × ${cpu?.model ?? 'unknown'}`],
    ['memory', `${Math.round(totalmem() / 1_024 ** 3)} GiB`],
    ['system', `${process.platform} ${release()}`],
    ['disk', `${Math.round(syncsPerSecond())} writes of 4 KiB with fdatasync a second, one after another`],
    ['Bide', commit()],
    ['Node', process.version],
    ['SQLite', `${process.versions.sqlite ?? 'unknown'} (node:sqlite)`],
    [
      'PostgreSQL',
      `${outputOf(findBinaries().postgres, ['--version'])}; ${told(POSTGRES_SETTINGS)}, the rest as it comes`,
    ],
    [
      'Redis',
      hasProgram('redis-server') ? (/v=(\S+)/.exec(outputOf('redis-server', ['--version']))?.[1] ?? 'unknown') : 'none',
    ],
    ['Bun', bunVersion() ?? 'none'],
    ['load on HTTP', loadGenerator()],
    ...peers,
  ];
}

/** Measured where the sides keep their data: what a durable write costs at least. */
function syncsPerSecond(): number {
  const file = openSync(join(freshFolder('disk'), 'file'), 'w');
  const page = Buffer.alloc(PAGE_BYTES, 1);
  try {
    writeSync(file, page, 0, PAGE_BYTES, 0);
    fsyncSync(file);
    const startedAt = performance.now();
    let syncs = 0;
    while (performance.now() - startedAt < SYNC_MS) {
      writeSync(file, page, 0, PAGE_BYTES, 0);
      fdatasyncSync(file);
      syncs += 1;
    }
    return (syncs * 1_000) / (performance.now() - startedAt);
  } finally {
    closeSync(file);
  }
}

function commit(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const hash = outputOf('git', ['-c', 'safe.directory=*', '-C', import.meta.dirname, 'rev-parse', '--short', 'HEAD']);
  return hash === 'unknown' ? version : `${version}, commit ${hash}`;
}

function outputOf(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

function told(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
}
