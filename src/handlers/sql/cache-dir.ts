/** The folder for converted and fetched data sets: one per type and process, gone with the process, or at the next start after a crash. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = /^bide-sql-(\d+)-/;

/** A new, empty folder that only this user can enter. Removes those of processes that are gone. */
export async function makeCacheDir(parent = tmpdir()): Promise<string> {
  for (const name of await readdir(parent)) {
    const pid = NAME.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await removeQuietly(join(parent, name));
  }
  return mkdtemp(join(parent, `bide-sql-${process.pid}-`));
}

/** Another user's process counts as running: its folder could not be removed anyway. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function removeQuietly(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // Another user's, or just being removed by another start.
  }
}
