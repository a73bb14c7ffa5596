/**
 * The SQLite store: `bide.db` in a data folder that one process has for itself.
 *
 * ```
 * main thread   calls ──once per turn──> writer thread   the write connection: one transaction per lot, one sync
 *               reads by key             scanner thread  listings and filtered counts; started by the first one
 * ```
 * Reads on the main thread see every write that was acknowledged before.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import type { Store } from '../contract.ts';
import { openReaderConnection, type WriterOptions } from './connection.ts';
import { storeError } from './driver-errors.ts';
import { lockFolder } from './folder-lock.ts';
import { DATABASE_FILE, lossOf, mayRestore } from './lost-database.ts';
import type { ScannerTable } from './scanner.ts';
import { createStore, type StoreParts } from './sqlite-store.ts';
import { openThread, threadEntry } from './thread-port.ts';
import type { WriterTable } from './writer.ts';

export interface SqliteOptions {
  /** The data folder; made where there is none. */
  readonly folder: string;
  /** `normal` lets power loss (never a crash of the process) take back the newest writes. `full` unless told. */
  readonly synchronous?: 'full' | 'normal';
  /** Operations that may wait for the disk; past it a call is refused with OVERLOADED. `limits.batchQueueMax` unless told. */
  readonly queueMax?: number;
  /** The database file never grows past this many bytes: writes are then refused with STORE_FULL. As large as the disk unless told. */
  readonly databaseBytesMax?: number;
  /** The caller brings what the database is to hold: one that was lost is made anew. */
  readonly isRestore?: boolean;
  /** How long a write waits for a lock that another program holds on the file. 5 seconds unless told: every write waits as long. */
  readonly busyMs?: number;
}

const BUSY_MS = 5_000;

/**
 * Opens the store of a data folder. The schema is not touched until `migrate()`.
 * Rejects with STORE_LOCKED, STORE_READ_ONLY, STORE_FULL, STORE_DAMAGED, STORE_FOREIGN, STORE_EMPTIED, STORE_MISSING or STORE_UNAVAILABLE.
 */
export async function openSqlite(options: SqliteOptions): Promise<Store> {
  const lock = lockFolder(options.folder);
  try {
    refuseLoss(options);
    makePrivate(join(options.folder, DATABASE_FILE));
    return createStore({ ...(await openParts(options)), release: lock.release });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function refuseLoss({ folder, isRestore = false }: SqliteOptions): void {
  const loss = lossOf(folder);
  if (loss !== null && !(isRestore && mayRestore(folder))) throw loss;
}

/**
 * Inputs and results are for the owner's eyes; SQLite itself would make the file readable for everybody. Its log and index take
 * over the mode of the file. Only made when it is not there: to close a file that SQLite has open would drop SQLite's locks.
 */
function makePrivate(path: string): void {
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw storeError(error, path);
  }
}

async function openParts(options: SqliteOptions): Promise<Omit<StoreParts, 'release'>> {
  const path = join(options.folder, DATABASE_FILE);
  const itemsMax = options.queueMax ?? DEFAULT_LIMITS.batchQueueMax;
  const data: WriterOptions = {
    path,
    synchronous: options.synchronous ?? 'full',
    databaseBytesMax: options.databaseBytesMax ?? null,
    busyMs: options.busyMs ?? BUSY_MS,
  };
  const writer = await openThread<WriterTable>({
    entry: threadEntry('writer-thread', import.meta.url),
    data,
    itemsMax,
  });
  const openScanner = () =>
    openThread<ScannerTable>({ entry: threadEntry('scanner-thread', import.meta.url), data: { path }, itemsMax });
  try {
    return { path, writer, openScanner, reader: openReaderConnection(path) };
  } catch (error) {
    await writer.close();
    throw storeError(error, path);
  }
}
