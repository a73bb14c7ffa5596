/**
 * What the CLI finds in a data folder: where its server listens (`server.json`, written by `bide serve` and removed when it
 * stops) and the admin key of its first start (`admin.key`).
 *
 * A server that was killed leaves `server.json` behind. Nobody trusts the file further than to try the URL in it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeRefusal } from '../../disk/write-refusal.ts';

export const DATA_FOLDER = './bide-data';

export interface ServerNote {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
}

/** Null where no server left a note, or one that cannot be read. */
export function readServerNote(folder: string): ServerNote | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
    const isNote = typeof value === 'object' && value !== null && 'url' in value && typeof value.url === 'string';
    return isNote ? (value as ServerNote) : null;
  } catch {
    return null;
  }
}

/**
 * @returns removes the note again, unless another server has written its own since.
 * @throws STORE_READ_ONLY or STORE_FULL where the file cannot be written; nothing is left of it then.
 */
export function writeServerNote(folder: string, note: ServerNote): () => void {
  const path = join(folder, 'server.json');
  // Through a new file: a reader never sees half a note.
  const draft = `${path}.${note.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(draft, `${JSON.stringify(note)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw writeRefusal(error, 'server.json', folder) ?? error;
  }
  return () => {
    if (readServerNote(folder)?.pid === note.pid) rmSync(path, { force: true });
  };
}

/** Null where there is no key, or it may not be read. */
export function readAdminKey(folder: string): string | null {
  try {
    return readFileSync(join(folder, 'admin.key'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}
