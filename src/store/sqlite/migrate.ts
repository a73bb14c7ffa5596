/**
 * Brings a database to the schema of this version. Safe from many connections at once: each step is taken inside an IMMEDIATE
 * transaction that looks at the version again, so whoever comes second finds nothing to do.
 */
import { BideError } from '../../core/errors.ts';
import type { MigrationReport } from '../contract.ts';
import { DatabaseSync } from './database-sync.ts';
import { APPLICATION_ID, MIGRATIONS, type Migration, SCHEMA_VERSION } from './migrations.ts';

/** The header and the tables as of one moment: between two statements another connection may make the schema. */
const STATE = `SELECT v.user_version AS version, a.application_id AS application, (SELECT count(*) FROM sqlite_schema) AS objects
  FROM pragma_user_version v, pragma_application_id a`;

/** The version of the schema in the file, 0 for an empty one. Throws STORE_FOREIGN for a database of somebody else. */
export function schemaVersion(database: DatabaseSync): number {
  const { version, application, objects } = database.prepare(STATE).get() ?? {};
  if (Number(objects) > 0 && application !== APPLICATION_ID) {
    throw new BideError('STORE_FOREIGN', `${database.location()} is a database of another program.`);
  }
  return Number(version);
}

export function refuseNewer(version: number, known = SCHEMA_VERSION): void {
  if (version <= known) return;
  const message = `The database has schema version ${version}, this version of Bide knows up to ${known}.`;
  throw new BideError('SCHEMA_NEWER', message, { found: version, known });
}

/** @param steps all but the tests of upgrades pass `MIGRATIONS` */
export function migrateDatabase(
  database: DatabaseSync,
  isDryRun: boolean,
  steps: readonly Migration[] = MIGRATIONS,
): MigrationReport {
  const from = schemaVersion(database);
  const to = steps.at(-1)?.version ?? 0;
  refuseNewer(from, to);
  const missing = steps.filter((step) => step.version > from);
  if (from === to && steps === MIGRATIONS) refuseMismatch(database);
  if (isDryRun) return { from, to, applied: missing.map(titleOf) };
  const applied = missing.filter((step) => applyStep(database, step));
  return { from, to, applied: applied.map(titleOf) };
}

/** Two builds may give the same number to different tables, as long as nothing is released. More than ours is no harm. */
function refuseMismatch(database: DatabaseSync): void {
  const live = columnsOf(database);
  const missing = [...wantedColumns()].filter((column) => !live.has(column));
  if (missing.length === 0) return;
  throw new BideError('SCHEMA_MISMATCH', `${database.location()} has no ${missing.slice(0, 3).join(', no ')}.`);
}

function wantedColumns(): ReadonlySet<string> {
  const database = new DatabaseSync(':memory:');
  try {
    for (const { sql } of MIGRATIONS) database.exec(sql);
    return columnsOf(database);
  } finally {
    database.close();
  }
}

function columnsOf(database: DatabaseSync): ReadonlySet<string> {
  const rows = database
    .prepare(
      `SELECT t.name || '.' || c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'`,
    )
    .all();
  return new Set(rows.map(({ name }) => String(name)));
}

/** False where another connection has taken the step meanwhile. */
function applyStep(database: DatabaseSync, step: Migration): boolean {
  database.exec('BEGIN IMMEDIATE');
  try {
    const isMissing = schemaVersion(database) < step.version;
    if (isMissing) {
      database.exec(step.sql);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${step.version}`);
    }
    database.exec('COMMIT');
    return isMissing;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function titleOf(step: Migration): string {
  return `${step.version} ${step.name}`;
}
