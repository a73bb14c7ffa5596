/**
 * Tells when files have changed: once for a burst of saves, and only when what they say is different.
 *
 * Folders are watched, not files: editors put a new file in the place of the old one. A file whose folder is not there, or was removed and made
 * again, is waited for where its folder is going to be. What cannot be watched is told, and looked at no more.
 */
import { existsSync, type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface WatchedFile {
  readonly path: string;
  /** What was read of it; null where it was not there. */
  readonly text: string | null;
}

export interface WatchOptions {
  /** Asked anew after each change. */
  files(): readonly WatchedFile[];
  /** Awaited: what changes meanwhile makes one more call. Must not reject. */
  onChange(): Promise<void>;
  onTrouble(error: Error): void;
}

/** Editors that save many files, and builds, write them within this time of each other. */
const BURST_MS = 80;

/** @returns stops */
export function watchFiles({ files, onChange, onTrouble }: WatchOptions): () => Promise<void> {
  const watchers = new Map<string, FSWatcher>();
  const tried = new Map<string, string | null>();
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();

  function look(): void {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      running = running.then(changeIfAny);
    }, BURST_MS);
  }

  async function changeIfAny(): Promise<void> {
    if (isStopped) return;
    follow();
    if (!hasChanged()) return;
    for (const { path } of files()) tried.set(path, textOf(path));
    await onChange();
    follow();
    // What was saved while it was read.
    if (hasChanged()) look();
  }

  /** Against what was read of each, and what was there at the last try: one that is gone is told once. */
  function hasChanged(): boolean {
    return files().some(({ path, text }) => {
      const now = textOf(path);
      return now !== text && now !== tried.get(path);
    });
  }

  function follow(): void {
    const folders = new Set(files().map(({ path }) => folderOf(path)));
    for (const folder of watchers.keys()) if (!folders.has(folder)) leave(folder);
    for (const folder of folders) if (!watchers.has(folder)) add(folder);
  }

  function add(folder: string): void {
    try {
      const watcher = watch(folder, (_, name) => {
        // Its own name: it may have been removed, after which this watcher says no more.
        if (name === basename(folder)) leave(folder);
        look();
      });
      watcher.on('error', onTrouble);
      watchers.set(folder, watcher);
    } catch (error) {
      onTrouble(error as Error);
    }
  }

  function leave(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  follow();
  // What was saved since it was read: no watcher has seen it.
  if (hasChanged()) look();
  return async () => {
    isStopped = true;
    if (timer !== null) clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
    await running;
  };
}

/** The one that it is in, or is going to be in. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === path || existsSync(folder) ? folder : folderOf(folder);
}

/** Null for one that is gone, or about to be put in place. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
