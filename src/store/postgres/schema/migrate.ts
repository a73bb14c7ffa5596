/**
 * Brings the schema to this version, from any number of processes at once.
 *
 * 1. Whoever finds the version right does nothing and locks nothing: the usual start of a process.
 * 2. Else one transaction takes an advisory lock (of this schema name), looks at the version again, runs the missing steps and
 *    records them. DDL is transactional: the schema is at one version or at the next, never between.
 * 3. A version above ours is refused: this code would damage what it does not know.
 */
import pg from 'pg';
import { BideError } from '../../../core/errors.ts';
import type { MigrationReport } from '../../contract.ts';
import { connect } from '../connection/connect.ts';
import { type Client, type ConnectionOptions, endWithin, lossOf } from '../connection/connection.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './migrations.ts';
import { SCHEMA_MANIFEST } from './schema-manifest.ts';

/** "bide": the first half of the advisory lock's key; the second is the hash of the schema name. */
const LOCK_CLASS = 0x62696465;
/** Another process may be building an index over millions of jobs. */
const LOCK_WAIT_MS = 10 * 60_000;

export async function migrate(options: ConnectionOptions, schema: string, isDryRun: boolean): Promise<MigrationReport> {
  return withClient(options, async (client) => {
    const found = await versionOf(client, schema);
    refuseNewer(found);
    const missing = stepsAfter(found);
    if (missing.length === 0) await refuseMismatch(client, schema);
    if (isDryRun || missing.length === 0) return reportOf(found, missing);
    return migrateLocked(client, schema);
  });
}

async function migrateLocked(client: Client, schema: string): Promise<MigrationReport> {
  await client.query('BEGIN');
  await client.query(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
  await client.query('SET LOCAL statement_timeout = 0');
  await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, schema]);
  const found = await versionOf(client, schema);
  refuseNewer(found);
  const missing = stepsAfter(found);
  const s = pg.escapeIdentifier(schema);
  if (found === 0) {
    await refuseForeign(client, schema);
    await createHome(client, schema, s);
  }
  for (const step of missing) {
    await client.query(step.sql(s));
    await client.query(`INSERT INTO ${s}.migrations (version, name) VALUES ($1, $2)`, [step.version, step.name]);
  }
  await client.query('COMMIT');
  return reportOf(found, missing);
}

/** Two builds may give the same number to different tables, as long as nothing is released. More than ours is no harm. */
async function refuseMismatch(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<[string]>({
    text: `SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`,
    values: [schema],
    rowMode: 'array',
  });
  const live = new Set(rows.map(([column]) => `column ${column}`));
  const missing = Object.keys(SCHEMA_MANIFEST).filter((name) => name.startsWith('column ') && !live.has(name));
  if (missing.length === 0) return;
  throw new BideError('SCHEMA_MISMATCH', `The schema "${schema}" has no ${missing.slice(0, 3).join(', no ')}.`);
}

/** Tables of another program, or what is left of a Bide without its versions: not ours to build among. */
async function refuseForeign(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query({
    text: `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname <> 'migrations' ORDER BY 1 LIMIT 4`,
    values: [schema],
    rowMode: 'array',
  });
  if (rows.length === 0) return;
  const names = rows.map(([name]) => name).join(', ');
  throw new BideError(
    'STORE_UNFIT',
    `The schema "${schema}" holds what is not Bide's (${names}). Give Bide one of its own, with --schema.`,
  );
}

/** A user who may not create schemas can be given an empty one. */
async function createHome(client: Client, schema: string, s: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount === 0) await client.query(`CREATE SCHEMA ${s}`);
  await client.query(`CREATE TABLE IF NOT EXISTS ${s}.migrations (
    version integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT migrations_by_version PRIMARY KEY (version)
  )`);
}

/**
 * The version of the schema; 0 where there is none. Asked of the catalog's rows: `to_regclass` answers from a cache, which within
 * one transaction may still say "none" after the lock was waited for, and the steps would run a second time.
 */
export async function versionOf(client: Client, schema: string): Promise<number> {
  const there = await client.query<[boolean]>({
    text: `SELECT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'version'
        AND a.atttypid = 'int4'::regtype)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = 'migrations'`,
    values: [schema],
    rowMode: 'array',
  });
  const [isOurs] = there.rows[0] ?? [];
  if (isOurs === undefined) return 0;
  if (!isOurs) {
    throw new BideError(
      'STORE_UNFIT',
      `The schema "${schema}" has a table "migrations" of another program. Give Bide a schema of its own, with --schema.`,
    );
  }
  const table = `${pg.escapeIdentifier(schema)}.migrations`;
  const { rows } = await client.query({ text: `SELECT coalesce(max(version), 0) FROM ${table}`, rowMode: 'array' });
  return rows[0]?.[0] as number;
}

export function refuseNewer(found: number): void {
  if (found <= SCHEMA_VERSION) return;
  throw new BideError('SCHEMA_NEWER', undefined, { found, supported: SCHEMA_VERSION });
}

function stepsAfter(version: number) {
  return MIGRATIONS.filter((step) => step.version > version);
}

function reportOf(from: number, steps: ReturnType<typeof stepsAfter>): MigrationReport {
  return { from, to: SCHEMA_VERSION, applied: steps.map((step) => step.name) };
}

/** A connection for work that is not a single statement; ended, or rolled back by its end, whatever happens. */
export async function withClient<T>(options: ConnectionOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(options);
  const lostOr = lossOf(client);
  try {
    return await work(client);
  } catch (error) {
    throw lostOr(error);
  } finally {
    await endWithin(client, options.connectMs);
  }
}
