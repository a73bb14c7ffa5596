/** The store that a process works on: chosen by whether a database URL is given, opened and brought to this version's schema. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BideError } from '../core/errors.ts';
import type { Store } from '../store/contract.ts';

export interface StoreOptions {
  /** Holds the database where no URL is given, and this machine's own files (admin key, uploads) in any case. */
  readonly dataFolder: string;
  readonly database?: DatabaseOptions | undefined;
}

/** One of the two: for those who are after the store alone, and leave nothing else on this machine. */
export type StoreChoice = { readonly dataFolder: string } | { readonly database: DatabaseOptions };

export interface DatabaseOptions {
  /** postgres://… */
  readonly url: string;
  readonly schema?: string | undefined;
  /** False behind a pooler in transaction mode. */
  readonly notify?: boolean | undefined;
}

/** Opens without migrating: for those who want to look first. The engines are loaded when they are needed. */
export function openStore({ dataFolder, database }: StoreOptions): Promise<Store> {
  return openChosenStore(database === undefined ? { dataFolder } : { database });
}

export interface OpeningOptions {
  readonly readsOnly?: boolean;
  /** The caller brings what the store is to hold: a database that its data folder has lost is made anew. */
  readonly isRestore?: boolean;
}

export async function openChosenStore(
  choice: StoreChoice,
  { readsOnly = false, isRestore = false }: OpeningOptions = {},
): Promise<Store> {
  if ('dataFolder' in choice) {
    const { openSqlite } = await import('../store/sqlite/index.ts');
    return openSqlite({ folder: choice.dataFolder, isRestore });
  }
  const { openPostgres } = await import('../store/postgres/index.ts');
  const { url, schema, notify } = choice.database;
  return openPostgres({
    url,
    readsOnly,
    ...(schema === undefined ? {} : { schema }),
    ...(notify === undefined ? {} : { notify }),
  });
}

/** For reading what is there. Rejects with USAGE for a data folder without a database, where `openStore` would make one. */
export async function openFilledStore(choice: StoreChoice): Promise<Store> {
  if ('dataFolder' in choice) {
    const { DATABASE_FILE } = await import('../store/sqlite/index.ts');
    const loss = await lossOf(choice.dataFolder);
    if (loss !== null) throw loss;
    const isThere = existsSync(join(choice.dataFolder, DATABASE_FILE));
    if (!isThere) throw new BideError('USAGE', `There is no database in the data folder ${choice.dataFolder}.`);
  }
  return openChosenStore(choice, { readsOnly: true });
}

/** What is wrong with a data folder that has been used and has no database any more; null for any other. Opens nothing. */
export async function lossOf(dataFolder: string): Promise<BideError | null> {
  const sqlite = await import('../store/sqlite/index.ts');
  return sqlite.lossOf(dataFolder);
}

/** For a process that runs jobs or serves: it keeps its own files in the data folder, beside a database too. */
export async function openMigratedStore(options: StoreOptions): Promise<Store> {
  if (options.database !== undefined) await mkdir(options.dataFolder, { recursive: true });
  return migrated(await openStore(options));
}

/** Closes the store where that fails. */
export async function migrated(store: Store): Promise<Store> {
  try {
    await store.migrate();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
