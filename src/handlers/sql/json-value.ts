/**
 * Values of DuckDB as JSON.
 *
 * | type | JSON |
 * |---|---|
 * | integers of any size, DECIMAL | a number where a double carries it exactly, else a text |
 * | FLOAT, DOUBLE | a number; "NaN", "Infinity", "-Infinity" as text |
 * | DATE, TIME, TIMESTAMP | text, ISO 8601: 2001-02-03, 04:05:06.789, 2001-02-03T04:05:06.789 |
 * | TIMESTAMP WITH TIME ZONE | text, in UTC: 2001-02-03T04:05:06.789Z |
 * | dates of other years than 0000 to 9999 | -000043-03-15 (44 BC), +012345-01-01; or infinity, -infinity |
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
import type { DuckDBDateValue, DuckDBValue } from '@duckdb/node-api';
import { parseForPassingOn } from '../../core/exact-json.ts';
import type { Json } from '../../core/job.ts';
import { isoTimeOf } from './iso-time.ts';
import { QueryRefused } from './query-guard.ts';

/** @param type of the value, for what values do not say themselves (JSON is stored as text, also inside of lists and structs) */
export function jsonValueOf(value: DuckDBValue, type?: TypeFacts): Json {
  switch (typeof value) {
    case 'string':
      return type?.alias === 'JSON' ? parsed(value) : value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      return value === null ? null : ofObject(value, type);
    default:
      return value;
  }
}

/** Throws QueryRefused for a type with a field named `__proto__`: DuckDB's client loses its value. */
export function requireNames(type: TypeFacts): void {
  if (type.entryNames?.includes('__proto__') === true) {
    throw new QueryRefused('A struct has a field named __proto__, which cannot be returned; give it another name.');
  }
  const { valueType, keyType, entryTypes = [], memberTypes = [] } = type;
  for (const inner of [valueType, keyType, ...entryTypes, ...memberTypes]) if (inner !== undefined) requireNames(inner);
}

/** What the types of DuckDB say of what is inside of them, each of its own. */
interface TypeFacts {
  readonly alias?: string;
  /** Of lists, arrays and maps. */
  readonly valueType?: TypeFacts;
  readonly keyType?: TypeFacts;
  /** Of structs. */
  readonly entryNames?: readonly string[];
  readonly entryTypes?: readonly TypeFacts[];
  /** Of unions. */
  readonly memberTags?: readonly string[];
  readonly memberTypes?: readonly TypeFacts[];
}

function ofObject(value: Exclude<DuckDBValue, null | boolean | number | bigint | string>, type: TypeFacts = {}): Json {
  switch (value.constructor.name) {
    case 'DuckDBDecimalValue':
      return exactNumber(value.toString());
    case 'DuckDBDateValue':
    case 'DuckDBTimestampValue':
    case 'DuckDBTimestampSecondsValue':
    case 'DuckDBTimestampMillisecondsValue':
    case 'DuckDBTimestampNanosecondsValue':
    case 'DuckDBTimestampTZValue':
      return isoTimeOf(value as DuckDBDateValue);
    case 'DuckDBBlobValue':
      return Buffer.from((value as { bytes: Uint8Array }).bytes).toString('base64');
  }
  if ('items' in value) return value.items.map((item) => jsonValueOf(item, type.valueType));
  if ('entries' in value && Array.isArray(value.entries)) {
    return value.entries.map(({ key, value: inner }) => ({
      key: jsonValueOf(key, type.keyType),
      value: jsonValueOf(inner, type.valueType),
    }));
  }
  if ('entries' in value) return ofStruct(value.entries as Readonly<Record<string, DuckDBValue>>, type);
  if ('tag' in value) return { tag: value.tag, value: jsonValueOf(value.value, memberType(type, value.tag)) };
  return value.toString();
}

function ofStruct(entries: Readonly<Record<string, DuckDBValue>>, { entryNames, entryTypes }: TypeFacts): Json {
  const typeOf = (name: string) => entryTypes?.[entryNames?.indexOf(name) ?? -1];
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, jsonValueOf(value, typeOf(name))]));
}

function memberType({ memberTags, memberTypes }: TypeFacts, tag: string): TypeFacts | undefined {
  return memberTypes?.[memberTags?.indexOf(tag) ?? -1];
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
