/**
 * Rows as `/execute/sql` answers them: the vendor's "dynamic schema".
 *
 * A result is column-major: `column_1` … `column_N`, then `column_headers` and `column_datatypes`, described by an Avro record
 * schema (`generic_response`) that travels beside it. In JSON the columns are JSON text inside the payload; in binary they are
 * a datum of that schema.
 */
import type { Json } from '../../core/job.ts';
import { type AvroSchema, recordOfSchema } from './avro.ts';
import type { Encoding } from './encoding.ts';
import type { Page } from './paging.ts';
import { END_OF_SET, type ExecuteSqlResponse } from './wire.ts';

/** What a job of an SQL type leaves as its result. `types` are the engine's own names, one per column. */
export interface SqlResult {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

/** What is cut out of a result, and under which name further pages are asked for. */
export interface PageOfTable extends Page {
  readonly pagingTable: string;
}

/** A column type: the vendor's name, and the Avro base type that carries its values. */
interface ColumnType {
  readonly name: string;
  readonly base: 'int' | 'long' | 'float' | 'double' | 'string';
}

const COLUMN_TYPES: Readonly<Record<string, ColumnType>> = {
  BOOLEAN: { name: 'boolean', base: 'int' },
  TINYINT: { name: 'int8', base: 'int' },
  UTINYINT: { name: 'int16', base: 'int' },
  SMALLINT: { name: 'int16', base: 'int' },
  USMALLINT: { name: 'int', base: 'int' },
  INTEGER: { name: 'int', base: 'int' },
  UINTEGER: { name: 'long', base: 'long' },
  BIGINT: { name: 'long', base: 'long' },
  UBIGINT: { name: 'ulong', base: 'string' },
  HUGEINT: { name: 'string', base: 'string' },
  FLOAT: { name: 'float', base: 'float' },
  DOUBLE: { name: 'double', base: 'double' },
  DECIMAL: { name: 'decimal', base: 'string' },
  DATE: { name: 'date', base: 'string' },
  TIME: { name: 'time', base: 'string' },
  TIMESTAMP: { name: 'datetime', base: 'string' },
  UUID: { name: 'uuid', base: 'string' },
};

const STRING: ColumnType = { name: 'string', base: 'string' };

/** What a statement without columns answers: a placeholder, as the vendor's own server does. */
const NO_COLUMNS = { column_1: [], column_headers: ['dummy'], column_datatypes: ['string'] };

/** The payload of `/execute/sql` for these rows. Pure; `encoding` is that of the rows, not of the answer around them. */
export function sqlAnswer(result: SqlResult, page: PageOfTable, encoding: Encoding): ExecuteSqlResponse {
  const total = result.rows.length;
  const rows = pageOf(result.rows, page);
  const hasMore = page.offset + rows.length < total;
  // Empty where the first call returned everything: then clients have nothing to clear.
  const table = hasMore || page.offset > 0 ? page.pagingTable : '';
  const schema = schemaOf(result);
  const columns = result.columns.length === 0 ? NO_COLUMNS : columnsOf(result, rows, encoding);
  return {
    count_affected: rows.length,
    response_schema_str: JSON.stringify(schema),
    binary_encoded_response: encoding === 'binary' ? recordOfSchema(schema).encode(columns) : Buffer.alloc(0),
    json_encoded_response: encoding === 'json' ? JSON.stringify(columns) : '',
    total_number_of_records: total,
    has_more_records: hasMore,
    paging_table: table,
    info: { ...infoOf(rows.length, total), ...(table === '' ? {} : { paging_table: table, result_table_list: table }) },
  };
}

function pageOf<T>(rows: readonly T[], page: Page): readonly T[] {
  if (page.offset === 0 && page.limit === END_OF_SET) return rows;
  const end = page.limit === END_OF_SET ? undefined : page.offset + page.limit;
  return rows.slice(page.offset, end);
}

function infoOf(count: number, total: number): Readonly<Record<string, string>> {
  return {
    'X-Kinetica-Group': 'QUERY',
    count: String(count),
    last_endpoint: '/get/records/bycolumn',
    total_number_of_records: String(total),
  };
}

function schemaOf(result: SqlResult): AvroSchema {
  const strings = { type: 'array', items: 'string' };
  const columns = result.columns.map((_name, column) => ({
    name: `column_${column + 1}`,
    type: { type: 'array', items: itemsOf(result, column) },
  }));
  const fields = columns.length === 0 ? [{ name: 'column_1', type: strings }] : columns;
  const described = [...fields, { name: 'column_headers', type: strings }, { name: 'column_datatypes', type: strings }];
  return { type: 'record', name: 'generic_response', fields: described } as AvroSchema;
}

/** Nullable only where there are nulls: a plain array is what every client decodes. */
function itemsOf(result: SqlResult, column: number): string | readonly string[] {
  const { base } = columnType(result, column);
  return result.rows.some((row) => (row[column] ?? null) === null) ? [base, 'null'] : base;
}

function columnsOf(
  result: SqlResult,
  rows: readonly (readonly Json[])[],
  encoding: Encoding,
): Readonly<Record<string, unknown>> {
  const named = result.columns.map((_name, column) => {
    const { base } = columnType(result, column);
    return [`column_${column + 1}`, rows.map((row) => cellOf(base, row[column] ?? null, encoding))] as const;
  });
  return {
    ...Object.fromEntries(named),
    column_headers: result.columns,
    column_datatypes: result.columns.map((_name, column) => columnType(result, column).name),
  };
}

function columnType(result: SqlResult, column: number): ColumnType {
  const name = result.types[column] ?? '';
  return COLUMN_TYPES[name] ?? COLUMN_TYPES[name.split('(', 1)[0] ?? ''] ?? STRING;
}

function cellOf(base: ColumnType['base'], value: Json, encoding: Encoding): unknown {
  if (value === null) return null;
  if (base === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' ? numberOf(base, value, encoding) : value;
}

/** Whole numbers beyond 2^53 and non-finite ones are text in JSON, where clients convert them themselves; Avro has them all. */
function numberOf(base: ColumnType['base'], text: string, encoding: Encoding): unknown {
  const number = Number(text);
  if (encoding === 'binary') return base === 'long' && !Number.isSafeInteger(number) ? BigInt(text) : number;
  return Number.isFinite(number) && (base !== 'long' || Number.isSafeInteger(number)) ? number : text;
}
