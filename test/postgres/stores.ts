/**
 * Stores for the conformance suite, on the run's server: each in a database that nobody else uses while it is open.
 *
 * A database is used again with its schema dropped and made anew: of the 200 ms of CPU that an empty store costs, 150 are `CREATE DATABASE`,
 * and the suite opens a hundred stores.
 */

import type { Store } from '../../src/store/contract.ts';
import type { OpenedStore, OpenStore } from '../../src/store/contract-suite/index.ts';
import { openPostgres, type PostgresOptions } from '../../src/store/postgres/index.ts';
import { queryOnce, type TestServer } from './server.ts';

export type StoreSettings = Omit<PostgresOptions, 'url'>;

/** @param through where clients connect instead, given the server's own URL: a pooler, a cuttable wire */
export function storesOf(
  server: () => TestServer,
  settings: StoreSettings = {},
  through: (url: string) => string = (url) => url,
): OpenStore {
  const idle: string[] = [];
  const emptyDatabase = async () => {
    const used = idle.pop();
    if (used === undefined) return server().createDatabase();
    await queryOnce(used, `DROP SCHEMA ${settings.schema ?? 'bide'} CASCADE`);
    return used;
  };
  return async (): Promise<OpenedStore> => {
    const direct = await emptyDatabase();
    const url = through(direct);
    const opened: Store[] = [];
    const open = async () => {
      const store = await openPostgres({ url, ...settings });
      opened.push(store);
      return store;
    };
    const store = await open();
    await store.migrate();
    return {
      store,
      another: open,
      async reopen() {
        await store.close();
        return open();
      },
      async cleanup() {
        await Promise.all(opened.map((one) => one.close()));
        idle.push(direct);
      },
    };
  };
}
