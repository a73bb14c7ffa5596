/** The keys of a store that no server serves: for the CLI beside a stopped server, or beside others on the same PostgreSQL. */

import { systemClock } from '../engine/clock.ts';
import type { KeyAdmin } from '../http/dialect.ts';
import { createKeys, DEFAULT_TENANT } from '../http/keys.ts';
import { openMigratedStore, type StoreOptions } from './open-store.ts';

export interface OpenKeys {
  readonly keys: KeyAdmin;
  /** Whose a key is that names no tenant. */
  readonly tenant: string;
  close(): Promise<void>;
}

/** Rejects with STORE_LOCKED while another process has the data folder. A server on the same PostgreSQL forgets a revoked key within its cache time. */
export async function openKeys(options: StoreOptions): Promise<OpenKeys> {
  const store = await openMigratedStore(options);
  return { keys: createKeys({ store, clock: systemClock }), tenant: DEFAULT_TENANT, close: () => store.close() };
}
