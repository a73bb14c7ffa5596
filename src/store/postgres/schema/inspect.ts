/**
 * Compares the live schema with the one this version makes: what `bide doctor` shows. The manifest is what a fresh schema
 * looks like in the catalog, in words that all supported versions of PostgreSQL use; a test keeps it true.
 */
import type { ConnectionOptions } from '../connection/connection.ts';
import { withClient } from './migrate.ts';
import { SCHEMA_MANIFEST } from './schema-manifest.ts';

/** What a thing is called, and how it is made. */
export type Manifest = Readonly<Record<string, string>>;

/**
 * One row per column, constraint, index, table option and sequence: name, definition. NOT NULL shows with the columns; newer
 * servers also list it as a constraint, which would make the answer depend on the version.
 */
const CATALOG = `
SELECT 'column ' || c.relname || '.' || a.attname,
  format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
    || coalesce(' collate ' || (SELECT collname FROM pg_collation l WHERE l.oid = a.attcollation), '')
    || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || k.conname, c.relname || ': ' || pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.connamespace = $1::regnamespace AND k.contype <> 'n'
UNION ALL
SELECT 'index ' || c.relname, pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relnamespace = $1::regnamespace
UNION ALL
SELECT 'options ' || c.relname, array_to_string(ARRAY(SELECT unnest(c.reloptions) ORDER BY 1), ' ')
FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND c.reloptions IS NOT NULL
UNION ALL
SELECT 'sequence ' || c.relname, format_type(q.seqtypid, NULL) || ' to ' || q.seqmax
FROM pg_class c JOIN pg_sequence q ON q.seqrelid = c.oid
WHERE c.relnamespace = $1::regnamespace
ORDER BY 1`;

/** One sentence per difference; none when there is none. */
export async function inspect(options: ConnectionOptions, schema: string): Promise<readonly string[]> {
  const live = await manifestOf(options, schema);
  const names = [...new Set([...Object.keys(SCHEMA_MANIFEST), ...Object.keys(live)])].sort();
  return names.flatMap((name) => differenceOf(name, SCHEMA_MANIFEST[name], live[name]));
}

function differenceOf(name: string, expected: string | undefined, found: string | undefined): readonly string[] {
  if (expected === found) return [];
  if (found === undefined) return [`There is no ${name} (${expected}).`];
  if (expected === undefined) return [`There is a ${name} that this version does not make (${found}).`];
  return [`The ${name} is "${found}" and should be "${expected}".`];
}

/** The live schema; empty where there is none. */
export async function manifestOf(options: ConnectionOptions, schema: string): Promise<Manifest> {
  return withClient(options, async (client) => {
    const { rows: there } = await client.query('SELECT oid FROM pg_namespace WHERE nspname = $1', [schema]);
    if (there.length === 0) return {};
    const { rows } = await client.query<string[]>({ text: CATALOG, values: [quotedName(schema)], rowMode: 'array' });
    return Object.fromEntries(rows.map(([name, definition]) => [name, withoutSchema(definition ?? '', schema)]));
  });
}

function quotedName(schema: string): string {
  return `"${schema}"`;
}

/** Definitions name their table with its schema, quoted where it must be. */
function withoutSchema(definition: string, schema: string): string {
  return definition.replaceAll(`${quotedName(schema)}.`, '').replaceAll(` ${schema}.`, ' ');
}
