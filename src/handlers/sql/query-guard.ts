/**
 * Whether a query may run at all, decided on DuckDB's own parse tree.
 *
 * DuckDB is locked down as well (no files but the data sets, no network, no extensions, no settings), yet what is locked can still be
 * looked at: settings, paths, catalogs, the functions that read files. So a query may name the data sets, its own CTEs and a short
 * list of table functions, and nothing else. An allow-list, because the next release brings functions that nobody here
 * has thought of.
 */

/** A query that is refused, said in the words of its author. */
export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
}

/** Functions that make rows out of their arguments and read nothing. */
const TABLE_FUNCTIONS = new Set([
  'range',
  'generate_series',
  'unnest',
  'repeat',
  'repeat_row',
  'json_each',
  'json_tree',
]);

/** Functions that show or change what belongs to the server, or only waste time. */
const REFUSED_FUNCTIONS = new Set([
  'current_setting',
  'currval',
  'get_block_size',
  'getenv',
  'getvariable',
  'json_execute_serialized_sql',
  'nextval',
  'pg_get_constraintdef',
  'pg_get_viewdef',
  'pg_sleep',
  'sleep_ms',
  'write_log',
]);

/** Relations that DuckDB brings along. A CTE of such a name could hide that the real one is meant elsewhere in the query. */
const SYSTEM_RELATION = /^(duckdb_|pragma_|sqlite_|pg_)/i;

/** Names that a data set may have. */
export function isTableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name) && !SYSTEM_RELATION.test(name);
}

export const TABLE_NAME_RULE =
  'have a name of letters, digits and _ that begins with a letter or _ and with no prefix of the system (duckdb_, pragma_, sqlite_, pg_)';

/**
 * The data sets that the query names, in lower case.
 * @param tree what `json_serialize_sql` says
 * @param tables names of all data sets
 */
export function guardQuery(tree: unknown, tables: readonly string[]): ReadonlySet<string> {
  const statements = statementsOf(tree);
  if (statements.length === 0) throw new QueryRefused('Send one SELECT; there is no statement.');
  if (statements.length > 1) throw new QueryRefused('Send one SELECT; there is more than one statement.');
  const nodes = [...nodesOf(statements)];
  const ctes = cteNamesOf(nodes);
  const known = new Map(tables.map((name) => [name.toLowerCase(), name]));
  const used = new Set<string>();
  for (const node of nodes) {
    if (node.type === 'BASE_TABLE') {
      const name = tableNameOf(node).toLowerCase();
      const isOwn = known.has(name) && isInMain(node);
      if (isOwn) used.add(name);
      else if (!ctes.has(name) || isQualified(node)) throw noSuchTable(tableNameOf(node), tables);
    }
    if (node.type === 'TABLE_FUNCTION') guardTableFunction(node);
    if (node.type === 'SHOW_REF') guardShow(node);
    if (typeof node.function_name === 'string') guardFunction(node.function_name);
  }
  return used;
}

type Node = Readonly<Record<string, unknown>>;

function statementsOf(tree: unknown): readonly unknown[] {
  const { error, error_message: message, error_type: kind, statements } = isNode(tree) ? tree : {};
  if (error !== true) return Array.isArray(statements) ? statements : [];
  if (kind === 'not implemented') throw new QueryRefused('Send one SELECT; other statements are not run here.');
  throw new SqlSyntaxError(typeof message === 'string' ? message : 'The query cannot be parsed.');
}

/** Not refused: it is no SQL. */
export class SqlSyntaxError extends Error {
  override readonly name = 'SqlSyntaxError';
}

/** Every object of the tree. The parser bounds its depth (1,000 expressions), and its size follows from the query's. */
function* nodesOf(root: unknown): Generator<Node> {
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) yield value as Node;
    left.push(...Object.values(value));
  }
}

function cteNamesOf(nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of nodes) {
    const map = isNode(node.cte_map) ? node.cte_map.map : undefined;
    for (const entry of Array.isArray(map) ? map : []) {
      const name = String((entry as Node).key);
      if (SYSTEM_RELATION.test(name))
        throw new QueryRefused(`A CTE may not be called ${name}, like a table of the system.`);
      names.add(name.toLowerCase());
    }
  }
  return names;
}

function tableNameOf(node: Node): string {
  return typeof node.table_name === 'string' ? node.table_name : '';
}

/** Qualified names reach past CTEs and data sets, into the catalogs of the system. */
function isQualified({ schema_name: schema, catalog_name: catalog }: Node): boolean {
  return Boolean(schema) || Boolean(catalog);
}

/** Where the data sets are: named in full or not at all. */
function isInMain({ schema_name: schema, catalog_name: catalog }: Node): boolean {
  return (!schema || schema === 'main') && (!catalog || catalog === 'memory');
}

function guardTableFunction({ function: called }: Node): void {
  const name = isNode(called) && typeof called.function_name === 'string' ? called.function_name : '';
  if (TABLE_FUNCTIONS.has(name.toLowerCase())) return;
  throw new QueryRefused(`The table function ${name} is not available here; query the data sets by their names.`);
}

function guardShow({ query, show_type: kind }: Node): void {
  if (isNode(query) && (kind === 'DESCRIBE' || kind === 'SUMMARY')) return;
  throw new QueryRefused('SHOW is not available here; DESCRIBE and SUMMARIZE take the name of a data set.');
}

function guardFunction(name: string): void {
  if (REFUSED_FUNCTIONS.has(name.toLowerCase())) throw new QueryRefused(`The function ${name} is not available here.`);
}

function noSuchTable(name: string, tables: readonly string[]): QueryRefused {
  const known = tables.length === 0 ? 'there are none' : `those are ${tables.join(', ')}`;
  return new QueryRefused(`There is no data set called ${name}: ${known}.`);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
