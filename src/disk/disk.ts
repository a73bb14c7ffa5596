/**
 * What Bide does to files that must outlive a power cut, so that a test can put a model of a disk in its place.
 *
 * A kernel keeps writes in memory for up to half a minute: content is on the disk once its file was synced, and a name once its
 * folder was. SQLite and PostgreSQL see to their own files; everything else that an answer relies on goes through here.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';

export interface DiskFile {
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when the content is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /** With all folders above it. True where any of them was not there before. */
  makeFolder(path: string): Promise<boolean>;
  /** A new file that nobody else may read; rejects where there is one of this name. */
  createFile(path: string): Promise<DiskFile>;
  /** Resolves when the content of a file that somebody else has written is on the disk. */
  syncFile(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file that is not there is fine. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in the folder are on the disk. */
  syncFolder(path: string): Promise<void>;
}

export const systemDisk: Disk = {
  makeFolder: async (path) => (await mkdir(path, { recursive: true, mode: 0o700 })) !== undefined,
  async createFile(path) {
    const file = await open(path, 'wx', 0o600);
    return {
      write: async (chunk) => file.writeFile(chunk),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  async syncFile(path) {
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder,
};

/** Some file systems sync no folders, and say so with one of these; there is nothing more to be had from them. */
const CANNOT_SYNC: ReadonlySet<string | undefined> = new Set(['EINVAL', 'EBADF', 'ENOTSUP']);

export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders: there the journal of the file system keeps names in order by itself.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code)) throw error;
  } finally {
    await folder.close();
  }
}
