/**
 * Columns of a statement's result: their types in the vendor's words, and their values in the base types that carry them.
 *
 * Total: whatever a job left as JSON has columns. A column whose values do not fit the type that was said of it is one of texts, so
 * that no result can break the answer about its job.
 */
import type { Json } from '../../core/job.ts';
import { fieldsOf, textOf } from '../../core/json-object.ts';
import { literalOf } from '../../core/raw-json.ts';
import type { Encoding } from './encoding.ts';

/** What a job of an SQL type leaves as its result. `types` are the engine's own names, one per column. */
interface SqlResult {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

/** Rows, and what their columns are in the vendor's words. */
export interface SqlTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Json[])[];
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
}

/** A column type: the vendor's name, and the Avro base type that carries its values. */
export interface ColumnType {
  readonly name: string;
  readonly base: 'int' | 'long' | 'float' | 'double' | 'string';
}

const COLUMN_TYPES = new Map<string, ColumnType>(
  Object.entries({
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
  }),
);

const STRING: ColumnType = { name: 'string', base: 'string' };

const LONG_MAX = 2n ** 63n - 1n;
const INT_MAX = 2 ** 31 - 1;
const NUMBER_WORDS = ['NaN', 'Infinity', '-Infinity'];

/** Of what is no result of a statement there are no columns. */
export function sqlTableOf(said: Json): SqlTable {
  const { columns, types, rows } = fieldsOf(said);
  const result = { columns: textsOf(columns), types: textsOf(types), rows: rowsOf(rows) };
  return { columns: columnsOf(result), rows: result.rows };
}

function columnsOf({ columns, types, rows }: SqlResult): readonly Column[] {
  return columns.map((name, at) => {
    const said = typeOf(types[at] ?? '');
    const isFit = rows.every((row) => fits(said.base, row[at] ?? null));
    const isNullable = rows.some((row) => (row[at] ?? null) === null);
    return { name, type: isFit ? said : STRING, isNullable };
  });
}

export function cellOf(base: ColumnType['base'], value: Json, encoding: Encoding): unknown {
  if (value === null) return null;
  if (base === 'string') return textOf(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  const literal = literalOf(value);
  if (literal !== null) return numberOf(base, literal, encoding);
  return typeof value === 'string' ? numberOf(base, value, encoding) : value;
}

/** Whole numbers beyond 2^53 and non-finite ones are text in JSON, where clients convert them themselves; Avro has them all. */
function numberOf(base: ColumnType['base'], text: string, encoding: Encoding): unknown {
  const number = Number(text);
  if (encoding === 'binary') return base === 'long' && !Number.isSafeInteger(number) ? BigInt(text) : number;
  return Number.isFinite(number) && (base !== 'long' || Number.isSafeInteger(number)) ? number : text;
}

function typeOf(name: string): ColumnType {
  return COLUMN_TYPES.get(name) ?? COLUMN_TYPES.get(name.split('(', 1)[0] ?? '') ?? STRING;
}

function fits(base: ColumnType['base'], value: Json): boolean {
  if (value === null || base === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return base === 'float' || base === 'double' || isWhole(base, value);
  const literal = literalOf(value);
  if (literal !== null) return base === 'long' && isLongText(literal);
  if (typeof value !== 'string') return false;
  if (base === 'float' || base === 'double') return NUMBER_WORDS.includes(value) || isNumberText(value);
  return isLongText(value) && (base === 'long' || isWhole('int', Number(value)));
}

function isWhole(base: 'int' | 'long', value: number): boolean {
  return Number.isSafeInteger(value) && (base === 'long' || (value <= INT_MAX && value >= -INT_MAX - 1));
}

function isLongText(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const value = BigInt(text);
  return value <= LONG_MAX && value >= -LONG_MAX - 1n;
}

function isNumberText(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

function textsOf(given: Json | undefined): readonly string[] {
  if (!Array.isArray(given)) return [];
  return given.map(textOf);
}

/** A row that is none is one of a single value. */
function rowsOf(given: Json | undefined): readonly (readonly Json[])[] {
  if (!Array.isArray(given)) return [];
  return given.every(Array.isArray) ? given : given.map((row: Json) => (Array.isArray(row) ? row : [row]));
}
