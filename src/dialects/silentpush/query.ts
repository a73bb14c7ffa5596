/**
 * Reading a query string the way the vendor's clients write it. Pure.
 *
 * Real clients double parameters (the last one counts), print Python booleans, encode an `&` into a value, and put a second
 * `?` where an `&` belongs. None of that is an error; what is, is a number that is none and a word that no list has.
 */
import { BideError } from '../../core/errors.ts';
import { LIMIT_DEFAULT, MAX_WAIT_SECONDS } from './wire.ts';

/** Parameters that steer the answer; all others are filters of the search, or nobody's business. */
const CONTROLS: ReadonlySet<string> = new Set([
  'prefer',
  'max_wait',
  'with_metadata',
  'limit',
  'skip',
  'status_only',
  'force_metadata_on',
  'force_metadata_off',
]);

/** Rows that one answer may be asked for or skip: far above the 10,000 that clients send, and still an exact integer. */
const ROWS_MAX = 1_000_000_000;

const YES: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'on']);
const NO: ReadonlySet<string> = new Set(['', '0', 'false', 'no', 'off', 'none']);

/** Decoded values by name, in the order in which they came. */
export type Query = ReadonlyMap<string, readonly string[]>;

export interface StartFlags {
  readonly prefer: 'result' | 'job_id';
  readonly waitSeconds: number;
  readonly withMetadata: boolean;
  readonly limit: number;
  readonly skip: number;
}

export interface PollFlags {
  readonly waitSeconds: number;
  readonly isStatusOnly: boolean;
  /** Null: as the original request asked. */
  readonly forcedMetadata: boolean | null;
}

/** `clamp` pulls a `max_wait` out of range into it, `refuse` answers 400. */
export type MaxWaitRule = 'clamp' | 'refuse';

export function parseQuery(search: string): Query {
  const query = new Map<string, string[]>();
  for (const pair of search.split('&').flatMap(pairsOf)) {
    const values = query.get(pair.name);
    if (values === undefined) query.set(pair.name, [pair.value]);
    else values.push(pair.value);
  }
  return query;
}

export function startFlags(query: Query, rule: MaxWaitRule): StartFlags {
  return {
    prefer: preferOf(query),
    waitSeconds: waitOf(query, rule) ?? MAX_WAIT_SECONDS,
    withMetadata: flagOf(query, 'with_metadata'),
    limit: countOf(query, 'limit', LIMIT_DEFAULT),
    skip: countOf(query, 'skip', 0),
  };
}

/** `status_only` beats the wait unless a wait was asked for in so many words; of the two force flags, off wins. */
export function pollFlags(query: Query, rule: MaxWaitRule): PollFlags {
  const isStatusOnly = flagOf(query, 'status_only');
  const isForcedOn = flagOf(query, 'force_metadata_on');
  const isForcedOff = flagOf(query, 'force_metadata_off');
  return {
    waitSeconds: waitOf(query, rule) ?? (isStatusOnly ? 0 : MAX_WAIT_SECONDS),
    isStatusOnly,
    forcedMetadata: isForcedOff ? false : isForcedOn ? true : null,
  };
}

/** The filters of a search. One connector sends several `sort` in one value, their `&` encoded; they are taken apart here. */
export function filtersOf(query: Query): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const [name, values] of query) {
    if (CONTROLS.has(name) || name === '') continue;
    const taken = name === 'sort' ? values.flatMap((value) => value.split('&sort=')) : [...values];
    Object.defineProperty(filters, name, { value: taken, enumerable: true, configurable: true, writable: true });
  }
  return filters;
}

function pairsOf(text: string): readonly { readonly name: string; readonly value: string }[] {
  if (text === '') return [];
  const equals = text.indexOf('=');
  const name = decoded(equals === -1 ? text : text.slice(0, equals));
  const raw = equals === -1 ? '' : text.slice(equals + 1);
  const mark = CONTROLS.has(name) ? raw.indexOf('?') : -1;
  if (mark === -1) return [{ name, value: decoded(raw) }];
  return [{ name, value: decoded(raw.slice(0, mark)) }, ...onePair(raw.slice(mark + 1))];
}

/** What follows a stray `?`; a third one stays in the value, so that this cannot run deep. */
function onePair(text: string): readonly { readonly name: string; readonly value: string }[] {
  const equals = text.indexOf('=');
  if (text === '') return [];
  if (equals === -1) return [{ name: decoded(text), value: '' }];
  return [{ name: decoded(text.slice(0, equals)), value: decoded(text.slice(equals + 1)) }];
}

/** Percent-decoding that leaves alone what cannot be decoded. */
function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function lastOf(query: Query, name: string): string | undefined {
  return query.get(name)?.at(-1)?.trim();
}

function flagOf(query: Query, name: string): boolean {
  const value = lastOf(query, name)?.toLowerCase() ?? '';
  if (YES.has(value)) return true;
  if (NO.has(value)) return false;
  throw new BideError('INVALID_REQUEST', `${name} must be 0 or 1`);
}

function preferOf(query: Query): 'result' | 'job_id' {
  const value = lastOf(query, 'prefer') ?? '';
  if (value === '' || value === 'result') return 'result';
  if (value === 'job_id') return 'job_id';
  throw new BideError('INVALID_REQUEST', 'prefer must be result or job_id');
}

function waitOf(query: Query, rule: MaxWaitRule): number | null {
  const value = integerOf(query, 'max_wait');
  if (value === null) return null;
  const clamped = Math.min(MAX_WAIT_SECONDS, Math.max(0, value));
  if (rule === 'refuse' && clamped !== value) {
    throw new BideError('INVALID_REQUEST', `max_wait must be in the range from 0 to ${MAX_WAIT_SECONDS}`);
  }
  return clamped;
}

function countOf(query: Query, name: string, fallback: number): number {
  const value = integerOf(query, name);
  if (value === null) return fallback;
  if (value < 0 || value > ROWS_MAX) {
    throw new BideError('INVALID_REQUEST', `${name} must be in the range from 0 to ${ROWS_MAX}`);
  }
  return value;
}

/** Null where the parameter is missing or empty. */
function integerOf(query: Query, name: string): number | null {
  const value = lastOf(query, name) ?? '';
  if (value === '') return null;
  if (!/^[+-]?\d{1,15}$/.test(value)) throw new BideError('INVALID_REQUEST', `${name} must be an integer`);
  return Number(value);
}
