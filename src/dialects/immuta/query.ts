/** Query parameters, as hapi's validation would take them: numbers as text, names repeated for lists. */
import { BideError } from '../../core/errors.ts';
import { STATES, type State } from './wire.ts';

export type RawQuery = Readonly<Record<string, string | readonly string[]>>;

/** The value, the last one where it came more than once; undefined where it did not come or is empty. */
export function one(query: RawQuery, name: string): string | undefined {
  const value = query[name];
  const last = typeof value === 'string' || value === undefined ? value : value.at(-1);
  return last === '' ? undefined : last;
}

export function many(query: RawQuery, name: string): readonly string[] {
  const value = query[name] ?? query[`${name}[]`];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

export function whole(
  query: RawQuery,
  name: string,
  range: { readonly min: number; readonly max: number; readonly otherwise: number },
): number {
  const text = one(query, name);
  if (text === undefined) return range.otherwise;
  const value = Number(text);
  if (/^-?\d+$/.test(text) && value >= range.min && value <= range.max) return value;
  throw invalid(`"${name}" must be an integer from ${range.min} to ${range.max}`);
}

/** Epoch ms. */
export function date(query: RawQuery, name: string): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  const value = Date.parse(text);
  if (Number.isNaN(value)) throw invalid(`"${name}" must be a valid ISO 8601 date`);
  return value;
}

export function state(query: RawQuery): State | undefined {
  const text = one(query, 'state');
  if (text === undefined) return undefined;
  const known = STATES.find((word) => word === text);
  if (known === undefined) throw invalid(`"state" must be one of [${STATES.join(', ')}]`);
  return known;
}

export function invalid(message: string): BideError {
  return new BideError('INVALID_REQUEST', message);
}
