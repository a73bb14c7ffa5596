/** Whether a data folder can be used, found out by trying: permission bits do not tell of read-only disks, and mean nothing to root. */
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { BideError } from '../../core/errors.ts';

export type FolderFinding =
  | { readonly kind: 'writable' }
  /** Not there, and can be made. */
  | { readonly kind: 'absent' }
  /** `place` is the folder itself, or the nearest one above it that exists. */
  | { readonly kind: 'refused'; readonly place: string; readonly reason: string };

export function examineFolder(folder: string): FolderFinding {
  const path = resolve(folder);
  let place = path;
  while (!existsSync(place) && place !== dirname(place)) place = dirname(place);
  const reason = statSync(place).isDirectory() ? writeRefusal(place) : 'ENOTDIR';
  if (reason !== null) return { kind: 'refused', place, reason };
  return place === path ? { kind: 'writable' } : { kind: 'absent' };
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Throws STORE_READ_ONLY, STORE_FULL, or USAGE for a file, where a start would fail. The store says so too; only the places that this is
 * asked for before are those where making a folder never comes to an end (`mkdir` below /proc retries for ever).
 */
export function requireUsableFolder(folder: string): void {
  const finding = examineFolder(folder);
  if (finding.kind !== 'refused') return;
  if (FULL.has(finding.reason)) throw new BideError('STORE_FULL', `The disk of the data folder ${folder} is full.`);
  if (finding.reason === 'ENOTDIR')
    throw new BideError(
      'USAGE',
      `The data folder ${folder} cannot be used: ${finding.place} is no folder. Name another with --data.`,
    );
  const where = finding.place === resolve(folder) ? '' : ` in ${finding.place}`;
  throw new BideError('STORE_READ_ONLY', `The data folder ${folder} cannot be written (${finding.reason}${where}).`);
}

function writeRefusal(folder: string): string | null {
  const probe = join(folder, `.bide-probe-${process.pid}`);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    writeFileSync(probe, '');
    rmSync(probe);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
