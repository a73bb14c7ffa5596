/** The keys of a store that no server serves: for the CLI beside a stopped server, or beside others on the same PostgreSQL. */

import { userInfo } from 'node:os';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import { auditedKeys } from '../dialects/native/audited-keys.ts';
import { createAudit } from '../engine/auditing/audit.ts';
import { systemClock } from '../engine/clock.ts';
import type { KeyAdmin } from '../http/dialect.ts';
import { createKeys, DEFAULT_TENANT } from '../http/keys.ts';
import { migrated, openStore, type StoreOptions } from './open-store.ts';

export interface OpenKeys {
  readonly keys: KeyAdmin;
  /** Whose a key is that names no tenant. */
  readonly tenant: string;
  close(): Promise<void>;
}

/** Rejects with STORE_LOCKED while another process has the data folder. A server on the same PostgreSQL forgets a revoked key within its cache time. */
export async function openKeys(options: StoreOptions): Promise<OpenKeys> {
  const store = await migrated(await openStore(options));
  const audit = createAudit({ store, clock: systemClock, limits: DEFAULT_LIMITS });
  // No key was needed: whoever may open the store may do anything to it.
  const by = { keyId: 'cli', keyName: userName() };
  const keys = createKeys({ store, clock: systemClock });
  return {
    keys: auditedKeys(keys, { audit, tenant: DEFAULT_TENANT, by }),
    tenant: DEFAULT_TENANT,
    close: () => store.close(),
  };
}

/** Who runs this. A container's user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
