/**
 * JSON values as parameters of DuckDB, with types that hold them: DuckDB's client goes by the first item of a list, and takes every whole
 * number for a BIGINT.
 *
 * Numbers are INTEGER, BIGINT up to 2^53, HUGEINT where they are whole and written in digits (below 1e21: the digits that were sent, not
 * the double that carries them), DOUBLE for all else. The numbers of a list share the widest of their types.
 */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  INTEGER,
  LIST,
  listValue,
  SQLNULL,
  VARCHAR,
} from '@duckdb/node-api';
import type { Json } from '../../core/job.ts';

export interface Parameter {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
}

type Scalar = null | boolean | number | string;

/** JavaScript writes whole numbers from here on with an exponent: measurements, not ids. */
const DIGITS_BELOW = 1e21;
const INT32_MAX = 2 ** 31 - 1;
const NARROW_TO_WIDE: readonly DuckDBType[] = [INTEGER, BIGINT, HUGEINT, DOUBLE];

/** Of a scalar, or of a list of scalars of one kind and nulls: the check of the input lets nothing else through. */
export function parameterOf(value: Json): Parameter {
  if (!Array.isArray(value))
    return { value: valueAs(typeOf(value as Scalar), value as Scalar), type: typeOf(value as Scalar) };
  const items = value as readonly Scalar[];
  const type = items.map(typeOf).reduce(wider, SQLNULL);
  return { value: listValue(items.map((item) => valueAs(type, item))), type: LIST(type) };
}

function typeOf(value: Scalar): DuckDBType {
  switch (typeof value) {
    case 'string':
      return VARCHAR;
    case 'boolean':
      return BOOLEAN;
    case 'number':
      return numberType(value);
    default:
      return SQLNULL;
  }
}

function numberType(value: number): DuckDBType {
  if (!Number.isInteger(value) || Math.abs(value) >= DIGITS_BELOW) return DOUBLE;
  if (!Number.isSafeInteger(value)) return HUGEINT;
  return Math.abs(value) <= INT32_MAX ? INTEGER : BIGINT;
}

function wider(a: DuckDBType, b: DuckDBType): DuckDBType {
  if (b === SQLNULL) return a;
  return NARROW_TO_WIDE.indexOf(b) >= NARROW_TO_WIDE.indexOf(a) ? b : a;
}

function valueAs(type: DuckDBType, value: Scalar): DuckDBValue {
  if (typeof value !== 'number') return value;
  return type === HUGEINT || type === BIGINT ? BigInt(String(value)) : value;
}
