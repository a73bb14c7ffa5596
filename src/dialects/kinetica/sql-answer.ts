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
import { type Column, cellOf, type SqlTable } from './sql-columns.ts';
import { END_OF_SET, type ExecuteSqlResponse } from './wire.ts';

/** What is cut out of a result, and under which name further pages are asked for. */
export interface PageOfTable extends Page {
  readonly pagingTable: string;
}

/** What a statement without columns answers: a placeholder, as the vendor's own server does. */
const NO_COLUMNS = { column_1: [], column_headers: ['dummy'], column_datatypes: ['string'] };

/** The payload of `/execute/sql` for these rows. Pure; `encoding` is that of the rows, not of the answer around them. */
export function sqlAnswer({ columns, rows: all }: SqlTable, page: PageOfTable, encoding: Encoding): ExecuteSqlResponse {
  const total = all.length;
  const rows = pageOf(all, page);
  const hasMore = page.offset + rows.length < total;
  // Empty where the first call returned everything: then clients have nothing to clear.
  const table = hasMore || page.offset > 0 ? page.pagingTable : '';
  const schema = schemaOf(columns);
  const values = columns.length === 0 ? NO_COLUMNS : valuesOf(columns, rows, encoding);
  return {
    count_affected: rows.length,
    response_schema_str: JSON.stringify(schema),
    binary_encoded_response: encoding === 'binary' ? recordOfSchema(schema).encode(values) : Buffer.alloc(0),
    json_encoded_response: encoding === 'json' ? JSON.stringify(values) : '',
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

/** Nullable only where there are nulls: a plain array is what every client decodes. */
function schemaOf(columns: readonly Column[]): AvroSchema {
  const strings = { type: 'array', items: 'string' };
  const described = columns.map(({ type: { base }, isNullable }, at) => ({
    name: `column_${at + 1}`,
    type: { type: 'array', items: isNullable ? [base, 'null'] : base },
  }));
  const fields = columns.length === 0 ? [{ name: 'column_1', type: strings }] : described;
  const beside = [
    { name: 'column_headers', type: strings },
    { name: 'column_datatypes', type: strings },
  ];
  return { type: 'record', name: 'generic_response', fields: [...fields, ...beside] } as AvroSchema;
}

function valuesOf(
  columns: readonly Column[],
  rows: readonly (readonly Json[])[],
  encoding: Encoding,
): Readonly<Record<string, unknown>> {
  const named = columns.map(({ type: { base } }, at) => {
    return [`column_${at + 1}`, rows.map((row) => cellOf(base, row[at] ?? null, encoding))] as const;
  });
  return {
    ...Object.fromEntries(named),
    column_headers: columns.map(({ name }) => name),
    column_datatypes: columns.map(({ type }) => type.name),
  };
}
