/**
 * Where `bide keys` works: through the server that runs, else on the store itself.
 *
 * A data folder belongs to one process, so beside a running server the only way is through it. Without one the folder is opened,
 * which also works when the last admin key is lost: whoever may read the folder may do anything to it anyway.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, KeyBody, KeyScope, NewKeyBody } from '../../client/index.ts';
import { ClientError, createClient } from '../../client/index.ts';
import { BideError } from '../../core/errors.ts';
import { CONNECTION_OPTIONS, type Environment, targetOf } from '../connection.ts';
import type { OptionTable, OptionValues } from '../option.ts';
import { DATA_FOLDER } from './data-folder.ts';
import { databaseOf, STORE_OPTIONS } from './database-choice.ts';

export const KEY_DESK_OPTIONS = { ...CONNECTION_OPTIONS, ...STORE_OPTIONS } as const satisfies OptionTable;
type KeyDeskValues = OptionValues<typeof KEY_DESK_OPTIONS>;

export interface KeyDraft {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly tenant: string | undefined;
  /** Null: never. */
  readonly expiresAt: Date | null;
}

export interface KeyDesk {
  create(draft: KeyDraft): Promise<NewKeyBody>;
  list(tenant: string | undefined): Promise<readonly KeyBody[]>;
  /** Rejects with KEY_NOT_FOUND where there is no such key in force. */
  revoke(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function openKeyDesk(values: KeyDeskValues, env: Environment): Promise<KeyDesk> {
  const dataFolder = values.data ?? DATA_FOLDER;
  const target = targetOf(values, env);
  const database = databaseOf(values, target?.folder === null ? {} : env);
  if (database !== undefined) return storeDesk(dataFolder, database);
  if (target === null) return folderDesk(dataFolder);
  const client = createClient({ url: target.url, key: target.key, triesMax: 2 });
  // A killed server leaves its note behind: nobody there means that the folder is free.
  if (target.folder !== null && !(await isAnswering(client))) return folderDesk(dataFolder);
  return serverDesk(client);
}

async function isAnswering(client: Client): Promise<boolean> {
  try {
    await client.types();
    return true;
  } catch (error) {
    return !(error instanceof ClientError && error.isUnreachable);
  }
}

function serverDesk({ keys }: Client): KeyDesk {
  return {
    create: (draft) => keys.create(draft),
    list: (tenant) => keys.list({ tenant }),
    revoke: (id) => keys.revoke(id),
    async close() {},
  };
}

async function folderDesk(dataFolder: string): Promise<KeyDesk> {
  const { lossOf } = await import('../../app.ts');
  const loss = await lossOf(dataFolder);
  if (loss !== null) throw loss;
  // Opening would make one, and a key in a folder that was mistyped opens nothing.
  if (!existsSync(join(dataFolder, 'bide.db'))) {
    throw new BideError(
      'USAGE',
      `There is no data in ${dataFolder}: name the folder of the server with --data, or the server itself with --url.`,
    );
  }
  return storeDesk(dataFolder, undefined);
}

async function storeDesk(dataFolder: string, database: ReturnType<typeof databaseOf>): Promise<KeyDesk> {
  const { openKeys } = await import('../../app.ts');
  const { keys, tenant: ownTenant, close } = await openKeys({ dataFolder, database });
  return {
    async create({ name, scopes, tenant, expiresAt }) {
      const draft = { name, scopes, tenant: tenant ?? ownTenant, expiresAt: expiresAt?.getTime() ?? null };
      const { key, stored } = await keys.create(draft);
      return { ...bodyOf(stored), key };
    },
    list: async (tenant) => (await keys.list(tenant ?? null)).map(bodyOf),
    async revoke(id) {
      if (!(await keys.revoke(id))) throw new BideError('KEY_NOT_FOUND');
    },
    close,
  };
}

type Times = 'createdAt' | 'revokedAt' | 'expiresAt';
type StoredBody = Omit<KeyBody, Times> & { createdAt: number; revokedAt: number | null; expiresAt: number | null };

function bodyOf({ id, tenant, name, scopes, createdAt, revokedAt, expiresAt }: StoredBody): KeyBody {
  const iso = (ms: number) => new Date(ms).toISOString();
  const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));
  const times = { createdAt: iso(createdAt), revokedAt: isoOrNull(revokedAt), expiresAt: isoOrNull(expiresAt) };
  return { id, tenant, name, scopes, ...times };
}
