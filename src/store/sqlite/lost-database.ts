/**
 * Whether a data folder has lost its database: then nothing may begin a new, empty life in it in silence, as in a fresh one.
 *
 * The admin key is made last in a folder's first start. Beside it a database that is missing or empty is one that lost everything. A log beside such
 * a database holds writes, which SQLite would delete on opening it.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BideError } from '../../core/errors.ts';

export const DATABASE_FILE = 'bide.db';
const LOG_FILE = `${DATABASE_FILE}-wal`;
const KEY_FILE = 'admin.key';

/** Null where there is a database, or never was one. */
export function lossOf(folder: string): BideError | null {
  // Before the database, which is there before they are: another process may be at its first start in this folder.
  const traces = [...(sizeIn(folder, KEY_FILE) === null ? [] : [KEY_FILE]), ...(hasLog(folder) ? [LOG_FILE] : [])];
  if (traces.length === 0) return null;
  const path = join(folder, DATABASE_FILE);
  const size = sizeIn(folder, DATABASE_FILE);
  if (size !== null && size > 0) return null;
  const found = `${folder} has been used: ${traces.join(' and ')} ${traces.length === 1 ? 'is' : 'are'} there.`;
  return size === null
    ? new BideError('STORE_MISSING', `There is no ${path}, although ${found}`)
    : new BideError('STORE_EMPTIED', `${path} is empty, although ${found}`);
}

/** Whether a restore may make a lost database anew: not over a log, which it would delete. */
export function mayRestore(folder: string): boolean {
  return !hasLog(folder);
}

function hasLog(folder: string): boolean {
  return (sizeIn(folder, LOG_FILE) ?? 0) > 0;
}

/** Null where there is no such file. */
function sizeIn(folder: string, name: string): number | null {
  return statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? null;
}
