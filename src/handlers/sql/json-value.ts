/**
 * Values of DuckDB as JSON.
 *
 * | type | JSON |
 * |---|---|
 * | integers of any size, DECIMAL | a number where a double carries it exactly, else a text |
 * | FLOAT, DOUBLE | a number; "NaN", "Infinity", "-Infinity" as text |
 * | DATE, TIME, TIMESTAMP | text, ISO 8601: 2001-02-03, 04:05:06.789, 2001-02-03T04:05:06.789 |
 * | TIMESTAMP WITH TIME ZONE | text, in UTC: 2001-02-03T04:05:06.789Z |
 * | BLOB | text, base64 |
 * | LIST, ARRAY | list |
 * | STRUCT | object |
 * | MAP | list of {"key", "value"} |
 * | UNION | {"tag", "value"} |
 * | JSON | what it says, digit by digit |
 * | ENUM, UUID, INTERVAL, BIT and the rest | text, as DuckDB prints it |
 *
 * Always numbers for sums and counts was preferred over always texts for BIGINT: nearly all of them fit, and every client would
 * have to convert them back.
 */
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { parseForPassingOn } from '../../core/exact-numbers.ts';
import type { Json } from '../../core/job.ts';

/** @param type of the column, for what values do not say themselves (JSON is stored as text) */
export function jsonValueOf(value: DuckDBValue, type?: DuckDBType): Json {
  switch (typeof value) {
    case 'string':
      return type?.alias === 'JSON' ? parsed(value) : value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      return value === null ? null : ofObject(value);
    default:
      return value;
  }
}

function ofObject(value: Exclude<DuckDBValue, null | boolean | number | bigint | string>): Json {
  switch (value.constructor.name) {
    case 'DuckDBDecimalValue':
      return exactNumber(value.toString());
    case 'DuckDBTimestampValue':
    case 'DuckDBTimestampSecondsValue':
    case 'DuckDBTimestampMillisecondsValue':
    case 'DuckDBTimestampNanosecondsValue':
      return value.toString().replace(' ', 'T');
    case 'DuckDBTimestampTZValue':
      return value.toString().replace(' ', 'T').replace(/\+00$/, 'Z');
    case 'DuckDBBlobValue':
      return Buffer.from((value as { bytes: Uint8Array }).bytes).toString('base64');
  }
  if ('items' in value) return value.items.map((item) => jsonValueOf(item));
  if ('entries' in value && Array.isArray(value.entries)) return value.entries.map(ofMapEntry);
  if ('entries' in value) return ofStruct(value.entries as Readonly<Record<string, DuckDBValue>>);
  if ('tag' in value) return { tag: value.tag, value: jsonValueOf(value.value) };
  return value.toString();
}

function ofMapEntry({ key, value }: { key: DuckDBValue; value: DuckDBValue }): Json {
  return { key: jsonValueOf(key), value: jsonValueOf(value) };
}

function ofStruct(entries: Readonly<Record<string, DuckDBValue>>): Json {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, jsonValueOf(value)]));
}

/** Up to 15 digits survive a double, whatever they are. */
function exactNumber(text: string): Json {
  return text.replace(/[-.]/g, '').replace(/^0+/, '').length <= 15 ? Number(text) : text;
}

function parsed(text: string): Json {
  try {
    return parseForPassingOn(text);
  } catch {
    return text;
  }
}
