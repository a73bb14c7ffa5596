/**
 * Files that are there after a power cut once the promise has resolved, and that leave nothing behind when it rejects.
 */
import { dirname } from 'node:path';
import { type Disk, systemDisk } from './disk.ts';

/** Makes the folder, and sees that it and those above it keep their names. */
export async function makeLastingFolder(path: string, disk: Disk = systemDisk): Promise<void> {
  await disk.makeFolder(path);
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      await disk.syncFolder(dirname(folder));
    } catch (error) {
      // A folder that we may not even read is nobody's work of today.
      if (!NOT_OURS.has((error as NodeJS.ErrnoException).code)) throw error;
      return;
    }
  }
}

const NOT_OURS: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS']);

/** @throws what the disk or the source throws; the file is gone then. */
export async function writeLasting(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  disk: Disk = systemDisk,
): Promise<void> {
  const file = await disk.createFile(path);
  try {
    try {
      for await (const chunk of chunks) await file.write(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.syncFolder(dirname(path));
  } catch (error) {
    await disk.remove(path);
    throw error;
  }
}

/** Gives a file that is written its name, for good: a name that comes to the disk before its content stands for an empty file. */
export async function placeLasting(draft: string, path: string, disk: Disk = systemDisk): Promise<void> {
  await disk.syncFile(draft);
  await disk.rename(draft, path);
  await disk.syncFolder(dirname(path));
}
