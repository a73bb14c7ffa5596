/** Compares the schema of a database with the one that this version makes. */
import { DatabaseSync } from './database-sync.ts';
import { migrateDatabase, schemaVersion } from './migrate.ts';
import { SCHEMA_VERSION } from './migrations.ts';

/** Name of each table and index, and the statement that makes it, without comments and layout. */
export function schemaOf(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database
    .prepare(
      `SELECT type || ' ' || name AS name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`,
    )
    .all();
  return new Map(rows.map((row) => [String(row.name), plain(String(row.sql))]));
}

/** One sentence per difference. */
export function inspectDatabase(database: DatabaseSync): readonly string[] {
  const differences: string[] = [];
  const version = schemaVersion(database);
  if (version !== SCHEMA_VERSION) {
    differences.push(`The schema has version ${version}, this version of Bide makes ${SCHEMA_VERSION}.`);
  }
  const live = schemaOf(database);
  const wanted = wantedSchema();
  for (const [name, sql] of wanted) {
    const found = live.get(name);
    if (found === undefined) differences.push(`There is no ${name}.`);
    else if (found !== sql) differences.push(`The ${name} is not as this version makes it.`);
  }
  for (const name of live.keys()) {
    if (!wanted.has(name)) differences.push(`The ${name} is not one of Bide.`);
  }
  return differences;
}

function wantedSchema(): ReadonlyMap<string, string> {
  const database = new DatabaseSync(':memory:');
  try {
    migrateDatabase(database, false);
    return schemaOf(database);
  } finally {
    database.close();
  }
}

function plain(sql: string): string {
  return sql
    .replaceAll(/--[^\n]*/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('( ', '(')
    .replaceAll(' )', ')')
    .trim();
}
