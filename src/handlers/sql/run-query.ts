/** One query in a sandbox, from its input to the bytes of its result. */
import { type DuckDBResult, type DuckDBType, type DuckDBValue, StatementType } from '@duckdb/node-api';
import type { Json } from '../../core/job.ts';
import type { AttemptOutcome } from '../../engine/api.ts';
import { permanentFailure, resultTooLarge } from '../failed.ts';
import type { DataFiles } from './data-files.ts';
import { jsonValueOf, requireNames } from './json-value.ts';
import type { QuerySetup } from './messages.ts';
import { type DataSource, dataFormatOf } from './options.ts';
import { parameterOf } from './parameters.ts';
import { guardQuery, QueryRefused } from './query-guard.ts';
import type { Sandbox } from './sandbox.ts';
import type { SqlInput } from './sql-input.ts';

export interface QueryRun {
  readonly input: SqlInput;
  readonly setup: QuerySetup;
  readonly sandbox: Sandbox;
  readonly files: DataFiles;
  readonly signal: AbortSignal;
}

/** Throws what DuckDB throws, QueryRefused, DataSetError, and the signal's reason. */
export async function runQuery(run: QueryRun): Promise<AttemptOutcome> {
  const { connection } = run.sandbox;
  const sources = sourcesOf(run);
  const used = guardQuery(await treeOf(run), [...sources.keys()]);
  await run.sandbox.lock(await tablesOf(run, sources, used));
  run.signal.throwIfAborted();
  const statements = await connection.extractStatements(run.input.query);
  const statement = await statements.prepare(0);
  // The guard has said so already; both say it from different parses.
  if (statements.count !== 1 || statement.statementType !== StatementType.SELECT) {
    throw new QueryRefused('Send one SELECT; other statements are not run here.');
  }
  bind(statement, run.input.parameters);
  run.signal.throwIfAborted();
  return await collect(run, await statement.stream());
}

/** The parse tree, made by the parser that will run the query. */
async function treeOf({ sandbox, input }: QueryRun): Promise<unknown> {
  const result = await sandbox.connection.run('SELECT json_serialize_sql($1::VARCHAR)', [input.query]);
  const [[text] = []] = await result.getRows();
  return JSON.parse(String(text));
}

function sourcesOf({ setup, input }: QueryRun): ReadonlyMap<string, DataSource> {
  const sources = new Map(Object.entries(setup.settings.datasets));
  for (const [name, data] of Object.entries(input.datasets ?? {})) {
    const { url, format = dataFormatOf({ url }) } = typeof data === 'string' ? { url: data } : data;
    if (format !== null) sources.set(name, { kind: 'url', url, format, within: setup.settings.allowUrls });
  }
  return sources;
}

async function tablesOf(
  { files, signal }: QueryRun,
  sources: ReadonlyMap<string, DataSource>,
  used: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const tables = new Map<string, string>();
  for (const [name, source] of sources) {
    if (used.has(name.toLowerCase())) tables.set(name, await files.parquetFile(name, source, signal));
  }
  return tables;
}

interface Bindable {
  readonly parameterCount: number;
  parameterIndex(name: string): number;
  bindValue(index: number, value: DuckDBValue, type: DuckDBType): void;
}

function bind(statement: Bindable, parameters: SqlInput['parameters']): void {
  if (parameters === undefined) {
    if (statement.parameterCount > 0)
      throw new Error('Invalid Input Error: The query has parameters and the input has none.');
    return;
  }
  for (const [name, given] of Object.entries(parameters) as [string, Json][]) {
    const index = Array.isArray(parameters) ? Number(name) + 1 : statement.parameterIndex(name);
    const { value, type } = parameterOf(given);
    statement.bindValue(index, value, type);
  }
}

/** Builds the text of the result chunk by chunk (2,048 rows) and stops at the first limit. */
async function collect({ input, setup }: QueryRun, result: DuckDBResult): Promise<AttemptOutcome> {
  const { offset = 0, limit = Number.POSITIVE_INFINITY } = input;
  const { rowsMax } = setup.settings;
  const types = result.columnTypes();
  types.forEach(requireNames);
  const parts: string[] = [];
  let length = 0;
  let skipped = 0;
  let count = 0;
  let hasMore = false;
  for await (const chunk of chunksOf(result)) {
    const leftOut = Math.min(offset - skipped, chunk.rowCount);
    skipped += leftOut;
    const rows = chunk.getRows().slice(leftOut);
    const taken = rows.slice(0, limit - count);
    hasMore = taken.length < rows.length;
    if (count + taken.length > rowsMax) return tooManyRows(rowsMax);
    for (const row of taken) {
      const text = JSON.stringify(row.map((value, column) => jsonValueOf(value, types[column])));
      length += text.length;
      parts.push(text);
    }
    count += taken.length;
    // Characters never outnumber bytes, so this stops early and never too early.
    if (length > setup.resultBytesMax) return tooLarge(setup);
    if (hasMore) break;
  }
  const bytes = Buffer.from(resultText(result, input, { parts, hasMore }));
  if (bytes.byteLength > setup.resultBytesMax) return tooLarge(setup);
  return { kind: 'succeeded', result: { contentType: 'application/json', bytes } };
}

async function* chunksOf(result: DuckDBResult) {
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk;
  }
}

function resultText(
  result: DuckDBResult,
  input: SqlInput,
  { parts, hasMore }: { parts: readonly string[]; hasMore: boolean },
): string {
  const members = [`"columns":${JSON.stringify(result.columnNames())}`];
  if (input.types === true) members.push(`"types":${JSON.stringify(result.columnTypes().map(typeName))}`);
  members.push(`"rows":[${parts.join(',')}]`, `"row_count":${parts.length}`);
  if (input.limit !== undefined) members.push(`"has_more":${hasMore}`);
  return `{${members.join(',')}}`;
}

function typeName(type: { readonly alias?: string; toString(): string }): string {
  return type.alias ?? type.toString();
}

function tooManyRows(rowsMax: number): AttemptOutcome {
  const message = `The query returns more than ${rowsMax} rows (rowsMax); aggregate, or add LIMIT.`;
  return permanentFailure('SQL_TOO_MANY_ROWS', message, { limit: 'rowsMax', value: rowsMax });
}

function tooLarge({ resultBytesMax }: QuerySetup): AttemptOutcome {
  return resultTooLarge('The rows of the query are too large', resultBytesMax);
}
