/**
 * Whether a data folder has lost its database: then nothing may begin a new, empty life in it in silence, as in a fresh one.
 *
 * The admin key is made last in a folder's first start. Beside it a database that is missing or empty is one that lost everything. A log without its
 * database holds writes that SQLite would delete on opening a new one.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BideError } from '../../core/errors.ts';

export const DATABASE_FILE = 'bide.db';
const LOG_FILE = `${DATABASE_FILE}-wal`;
const KEY_FILE = 'admin.key';

/** Null where there is a database, or never was one. */
export function lossOf(folder: string): BideError | null {
  const path = join(folder, DATABASE_FILE);
  const size = sizeIn(folder, DATABASE_FILE);
  if (size !== null && size > 0) return null;
  const isUsed = sizeIn(folder, KEY_FILE) !== null;
  if (size === 0)
    return isUsed ? loss('STORE_EMPTIED', `${path} is empty, although ${folder} has been used`, [KEY_FILE]) : null;
  const traces = [...(isUsed ? [KEY_FILE] : []), ...((sizeIn(folder, LOG_FILE) ?? 0) > 0 ? [LOG_FILE] : [])];
  if (traces.length === 0) return null;
  return loss('STORE_MISSING', `There is no ${path}, although ${folder} has been used`, traces);
}

/** Whether a restore may make the database anew: not over a log, which it would delete. */
export function mayRestore(folder: string): boolean {
  return sizeIn(folder, LOG_FILE) === null || sizeIn(folder, DATABASE_FILE) !== null;
}

function loss(code: 'STORE_EMPTIED' | 'STORE_MISSING', what: string, traces: readonly string[]): BideError {
  const found = traces.join(' and ');
  return new BideError(code, `${what}: ${found} ${traces.length === 1 ? 'is' : 'are'} there.`);
}

/** Null where there is no such file. */
function sizeIn(folder: string, name: string): number | null {
  return statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? null;
}
