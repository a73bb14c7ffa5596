/** The store that a process works on: chosen by whether a database URL is given, opened and brought to this version's schema. */
import { mkdir } from 'node:fs/promises';
import type { Store } from '../store/contract.ts';

export interface StoreOptions {
  /** Holds the database where no URL is given, and this machine's own files (admin key, uploads) in any case. Made where there is none. */
  readonly dataFolder: string;
  readonly database?: DatabaseOptions | undefined;
}

export interface DatabaseOptions {
  /** postgres://… */
  readonly url: string;
  readonly schema?: string | undefined;
  /** False behind a pooler in transaction mode. */
  readonly notify?: boolean | undefined;
}

/** Opens without migrating: for those who want to look first. The engines are loaded when they are needed. */
export async function openStore({ dataFolder, database }: StoreOptions): Promise<Store> {
  if (database === undefined) {
    const { openSqlite } = await import('../store/sqlite/index.ts');
    return openSqlite({ folder: dataFolder });
  }
  await mkdir(dataFolder, { recursive: true });
  const { openPostgres } = await import('../store/postgres/index.ts');
  const { url, schema, notify } = database;
  return openPostgres({
    url,
    ...(schema === undefined ? {} : { schema }),
    ...(notify === undefined ? {} : { notify }),
  });
}

export async function openMigratedStore(options: StoreOptions): Promise<Store> {
  const store = await openStore(options);
  try {
    await store.migrate();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
