/**
 * One process per data folder, enforced by the operating system.
 *
 * The lock is an exclusive transaction, held for the life of the process, on an empty SQLite file of its own. The kernel drops
 * it with the process, however that ends, so that a crash leaves nothing to clean up. A file with a process id was rejected as
 * the lock: after a crash the number may belong to somebody else. It is kept beside it, to tell people whom to look for.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BideError } from '../../core/errors.ts';
import { DatabaseSync } from './database-sync.ts';
import { storeError } from './driver-errors.ts';

export interface FolderLock {
  release(): void;
}

const LOCK_FILE = 'bide.lock';
const OWNER_FILE = 'bide.pid';

/**
 * Two processes that start at the same moment each hold a part of the lock for an instant. With no wait both would be refused;
 * a quarter of a second lets exactly one of them win.
 */
const LOCK_WAIT_MS = 250;

/** Makes the folder where there is none. Throws STORE_LOCKED when another process has it, STORE_READ_ONLY when it cannot be written. */
export function lockFolder(folder: string): FolderLock {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, LOCK_FILE);
    requireWritable(folder, path);
    const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
    hold(database, folder);
    tellOwner(folder);
    return { release: () => database.close() };
  } catch (error) {
    throw storeError(error, `The data folder ${folder}`);
  }
}

/**
 * SQLite would open a file that it may not write for reading only, and call a folder without permission "unable to open". The
 * file is not opened to try it: closing it again would drop the lock of another store in this process (POSIX locks).
 */
function requireWritable(folder: string, path: string): void {
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
}

/** For people only: a full disk must not keep a server from starting that can still answer reads. */
function tellOwner(folder: string): void {
  try {
    writeFileSync(join(folder, OWNER_FILE), `${process.pid}\n`);
  } catch {}
}

function hold(database: DatabaseSync, folder: string): void {
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const translated = storeError(error, `The data folder ${folder}`);
    if (translated.code === 'STORE_LOCKED') throw lockedBy(folder, error);
    if (translated.code !== 'STORE_DAMAGED') throw translated;
    const message = `${join(folder, LOCK_FILE)} is not a lock file of Bide.`;
    throw new BideError('LOCK_FILE_FOREIGN', message, { folder }, { cause: error });
  }
}

function lockedBy(folder: string, cause: unknown): BideError {
  const pid = ownerOf(folder);
  const who = pid === null ? 'Another process' : `Process ${pid}`;
  return new BideError('STORE_LOCKED', `${who} has the data folder ${folder} open.`, { folder, pid }, { cause });
}

/** Who wrote last that it has the folder; null when that cannot be told. */
function ownerOf(folder: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(folder, OWNER_FILE), 'utf8'), 10);
    return Number.isSafeInteger(pid) ? pid : null;
  } catch {
    return null;
  }
}
