/** What takes part: which peers are installed, and what this machine has of the programs that are not from npm. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SIDES, type SideFacts } from '../sides/catalog.ts';
import { runToEnd } from './children.ts';
import type { Options } from './options.ts';

export const BENCH = join(import.meta.dirname, '..');
export const BUN = join(BENCH, 'node_modules', '.bin', 'bun');
const INSTALL_MS = 10 * 60_000;

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Installs the peers as the lock file has them, where they are missing. */
export async function installPeers(note: (text: string) => void): Promise<void> {
  const missing = Object.keys(manifestOf('.').dependencies).filter((name) => versionOf(name) === null);
  if (missing.length === 0) return;
  note(`installing the peers (npm ci in bench/; missing: ${missing.join(', ')})`);
  await runToEnd({ program: 'npm', args: ['ci', '--no-audit', '--no-fund'], cwd: BENCH }, INSTALL_MS);
}

/** Null where it is not installed. */
export function versionOf(packageName: string): string | null {
  const folder = join('node_modules', packageName);
  return existsSync(join(BENCH, folder, 'package.json')) ? manifestOf(folder).version : null;
}

export function packageNames(): readonly string[] {
  return Object.keys(manifestOf('.').dependencies);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(BENCH, folder, 'package.json'), 'utf8')) as Manifest;
}

export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

export function bunVersion(): string | null {
  try {
    return execFileSync(BUN, ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

export interface Field {
  readonly sides: readonly SideFacts[];
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
}

type Wanted = Pick<Options, 'isSqliteOnly' | 'isQuick' | 'isAlone'>;

/** Which sides can play here, and why the others cannot. */
export function fieldOf({ isSqliteOnly, isQuick, isAlone }: Wanted): Field {
  const bun = bunVersion();
  const hasRedis = hasProgram('redis-server');
  const leftOut: { what: string; why: string }[] = [];
  const wanted = SIDES.filter((side) => !(isQuick && side.isForFull) && !(isAlone && side.package !== null));
  const sides = wanted.filter((side) => {
    const why = absence(side, { bun, hasRedis, isSqliteOnly });
    if (why !== null) leftOut.push({ what: side.name, why });
    return why === null;
  });
  return { sides, leftOut };
}

interface Machine {
  readonly bun: string | null;
  readonly hasRedis: boolean;
  readonly isSqliteOnly: boolean;
}

function absence(
  { package: name, runtime, needs }: SideFacts,
  { bun, hasRedis, isSqliteOnly }: Machine,
): string | null {
  if (name !== null && versionOf(name) === null) return 'not installed: npm ci in bench/';
  if (runtime === 'bun' && bun === null) return 'the npm package bun does not run here';
  if (needs === 'postgres' && isSqliteOnly) return 'PostgreSQL was not asked for';
  if (needs?.startsWith('redis') && !hasRedis)
    return "no redis-server on this machine: Debian's package redis-server has it";
  return null;
}
