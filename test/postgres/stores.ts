/** Stores for the conformance suite: each in a new database of the run's server. */

import type { Store } from '../../src/store/contract.ts';
import type { OpenedStore, OpenStore } from '../../src/store/contract-suite/index.ts';
import { openPostgres, type PostgresOptions } from '../../src/store/postgres/index.ts';
import type { TestServer } from './server.ts';

export type StoreSettings = Omit<PostgresOptions, 'url'>;

/** @param through where clients connect instead, given the server's own URL: a pooler, a cuttable wire */
export function storesOf(
  server: () => TestServer,
  settings: StoreSettings = {},
  through: (url: string) => string = (url) => url,
): OpenStore {
  return async (): Promise<OpenedStore> => {
    const url = through(await server().createDatabase());
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
      },
    };
  };
}
