/**
 * The folder of a fresh cluster: a copy of one that `initdb` has made once. A copy costs 0.1 s of CPU, `initdb` 0.6, and two dozen test files
 * start a server each.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './binaries.ts';
import type { KeeperOrder } from './keeper.ts';

export interface ClusterOrder {
  /** Where the programs were found. */
  readonly found: Binaries;
  /** Where the owner of the cluster can run it. */
  readonly initdb: string;
  /** Gets a folder `data`. */
  readonly folder: string;
  readonly account: KeeperOrder['account'];
  readonly password: string;
}

/** Beside the dependencies: it goes with `npm ci`, and nobody else can write there. */
const KEPT = join(import.meta.dirname, '../../node_modules/.cache/bide-clusters');
const FLAGS = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];

export async function freshCluster(order: ClusterOrder): Promise<void> {
  const kept = join(KEPT, nameOf(order));
  if (existsSync(kept)) return copyCluster(join(kept, 'data'), join(order.folder, 'data'));
  await makeCluster(order);
  // Where the dependencies are read-only, nothing is kept.
  await keep(join(order.folder, 'data'), kept).catch(() => {});
}

/** `cpSync` would not keep the owner. */
export async function copyCluster(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to]);
}

/** Of one build of PostgreSQL and one owner. */
function nameOf({ found, account, password }: ClusterOrder): string {
  const programs = [found.initdb, found.postgres].map((path) => [path, statSync(path).size, statSync(path).mtimeMs]);
  const facts = JSON.stringify([programs, account ?? process.getuid?.(), password, FLAGS]);
  return createHash('sha256').update(facts).digest('hex').slice(0, 16);
}

async function makeCluster({ initdb, folder, account, password }: ClusterOrder): Promise<void> {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== null) chownSync(passwordFile, account.uid, account.gid);
  await promisify(execFile)(initdb, ['-D', join(folder, 'data'), ...FLAGS, `--pwfile=${passwordFile}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    ...(account ?? {}),
  });
}

/** Another test may be first; theirs is as good. */
async function keep(data: string, kept: string): Promise<void> {
  await mkdir(KEPT, { recursive: true });
  const draft = await mkdtemp(join(KEPT, 'draft-'));
  try {
    await copyCluster(data, join(draft, 'data'));
    await rename(draft, kept);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}
