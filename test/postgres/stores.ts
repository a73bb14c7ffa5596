/**
 * Stores for the conformance suite, on the run's server: each with a database that nobody else uses while it is open.
 *
 * Both are used again, emptied: of the 200 ms of CPU that an empty store costs in a database of its own, 150 are `CREATE DATABASE`, and much of
 * the rest its schema and its connections; the suite asks for two hundred. What a store remembers of earlier tests is of tenants, types and
 * jobs that never come again. A store that a test has closed, or whose changes it has listened to, is not used again: only its database.
 */
import pg from 'pg';
import type { Store } from '../../src/store/contract.ts';
import type { OpenedStore, OpenStore } from '../../src/store/contract-suite/index.ts';
import { openPostgres, type PostgresOptions } from '../../src/store/postgres/index.ts';
import type { TestServer } from './server.ts';

export type StoreSettings = Omit<PostgresOptions, 'url'>;

export interface StorePool {
  readonly open: OpenStore;
  /** One that remembers nothing: for tests whose tenants, types or jobs do come again. */
  readonly openUnused: OpenStore;
  /** Before the end of the server. */
  end(): Promise<void>;
}

interface Pooled {
  readonly url: string;
  /** A superuser of the database itself, whatever the stores connect through. */
  readonly client: pg.Client;
  /** Brings the schema back to how `migrate` left it. */
  readonly emptying: string;
  /** Null where a test has spent it. */
  store: Store | null;
}

/** @param through where clients connect instead, given the server's own URL: a pooler, a cuttable wire */
export function storesOf(
  server: () => TestServer,
  settings: StoreSettings = {},
  through: (url: string) => string = (url) => url,
): StorePool {
  const all: Pooled[] = [];
  const idle: Pooled[] = [];
  const fresh = async (): Promise<Pooled> => {
    const direct = await server().createDatabase();
    const url = through(direct);
    const store = await openPostgres({ url, ...settings });
    await store.migrate();
    const client = new pg.Client({ connectionString: direct });
    await client.connect();
    const pooled = { url, client, store, emptying: await emptyingOf(client, settings.schema ?? 'bide') };
    all.push(pooled);
    return pooled;
  };
  const take = async () => idle.pop() ?? (await fresh());
  return {
    async open() {
      const pooled = await take();
      return openedOf(pooled, settings, () => idle.push(pooled));
    },
    async openUnused() {
      const pooled = await take();
      await pooled.store?.close();
      pooled.store = null;
      return openedOf(pooled, settings, () => idle.push(pooled));
    },
    async end() {
      for (const { store, client } of all) await Promise.all([store?.close(), client.end()]);
    },
  };
}

async function openedOf(pooled: Pooled, settings: StoreSettings, onIdle: () => void): Promise<OpenedStore> {
  const handles = handlesOn(pooled.url, settings);
  const own = pooled.store ?? (await handles.open());
  pooled.store = own;
  const spend = () => {
    pooled.store = null;
  };
  return {
    store: {
      ...own,
      close() {
        spend();
        return own.close();
      },
      changes(onHint) {
        spend();
        return own.changes(onHint);
      },
    },
    another: handles.open,
    async reopen() {
      spend();
      await own.close();
      return handles.open();
    },
    async cleanup() {
      if (pooled.store === null) await own.close();
      await handles.close(pooled.store);
      await pooled.client.query(pooled.emptying);
      onIdle();
    },
  };
}

/** One store in a database of its own, which nobody uses again: for tests that harm its connections or its server. */
export async function openAlone(
  server: TestServer,
  settings: StoreSettings = {},
  through: (url: string) => string = (url) => url,
): Promise<OpenedStore> {
  const handles = handlesOn(through(await server.createDatabase()), settings);
  await using opened = new AsyncDisposableStack();
  opened.defer(() => handles.close());
  const store = await handles.open();
  await store.migrate();
  const rest = opened.move();
  return {
    store,
    another: handles.open,
    async reopen() {
      await store.close();
      return handles.open();
    },
    cleanup: () => rest.disposeAsync(),
  };
}

function handlesOn(url: string, settings: StoreSettings) {
  const opened: Store[] = [];
  return {
    async open(): Promise<Store> {
      const store = await openPostgres({ url, ...settings });
      opened.push(store);
      return store;
    },
    async close(except: Store | null = null): Promise<void> {
      await Promise.all(opened.filter((store) => store !== except).map((store) => store.close()));
    },
  };
}

/**
 * `DELETE`, since `TRUNCATE` makes new files for each table and index, and all connections plan anew after it. Made of the catalog, so that a
 * table that comes to the schema is emptied as well, and what the migrations themselves put into one is there again.
 */
async function emptyingOf(client: pg.Client, schema: string): Promise<string> {
  const named = async (text: string) => {
    const { rows } = await client.query<{ name: string }>(text, [schema]);
    return rows.map(({ name }) => name);
  };
  const tables = await named(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1 AND tablename <> 'migrations'`,
  );
  const sequences = await named(
    `SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences WHERE schemaname = $1`,
  );
  const statements = [];
  for (const table of tables) {
    statements.push(`DELETE FROM ${table}`);
    const { rows } = await client.query(`SELECT json_agg(t)::text AS made FROM ${table} t`);
    const made: string | null = rows[0].made;
    if (made === null) continue;
    const literal = pg.escapeLiteral(made);
    statements.push(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, ${literal})`);
  }
  statements.push(...sequences.map((name) => `SELECT setval('${name}', 1, false)`));
  return statements.join('; ');
}
