/**
 * What an answer must look like, as the vendor's specification says it: exact values, and for what differs from run to run a regular
 * expression or a predicate. Objects have exactly the keys that are named; nothing is let pass because nobody thought of it.
 */

export type Pattern =
  | null
  | boolean
  | number
  | string
  | RegExp
  | ((value: unknown) => boolean)
  | readonly Pattern[]
  | { readonly [key: string]: Pattern };

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A list of at least `min` members of this form. */
export function listOf(pattern: Pattern, min = 0): Pattern {
  return (value) =>
    Array.isArray(value) && value.length >= min && value.every((one) => difference(one, pattern, '') === null);
}

export function oneOf(...patterns: readonly Pattern[]): Pattern {
  return (value) => patterns.some((pattern) => difference(value, pattern, '') === null);
}

export const anyText: Pattern = (value) => typeof value === 'string';
export const anyInteger: Pattern = (value) => Number.isSafeInteger(value);
export const anything: Pattern = () => true;

/** The first place where `value` is not as it must be, in a sentence; null when it is. */
export function difference(value: unknown, pattern: Pattern, path: string): string | null {
  const where = path === '' ? 'the body' : path;
  if (typeof pattern === 'function') return pattern(value) ? null : `${where} is ${shown(value)}`;
  if (pattern instanceof RegExp) {
    return typeof value === 'string' && pattern.test(value) ? null : `${where} is ${shown(value)}, not like ${pattern}`;
  }
  if (typeof pattern !== 'object' || pattern === null) {
    return value === pattern ? null : `${where} is ${shown(value)}, not ${shown(pattern)}`;
  }
  if (isList(pattern)) return listDifference(value, pattern, path);
  return objectDifference(value, pattern, path);
}

function listDifference(value: unknown, pattern: readonly Pattern[], path: string): string | null {
  if (!Array.isArray(value)) return `${path} is ${shown(value)}, not a list`;
  if (value.length !== pattern.length) return `${path} has ${value.length} members, not ${pattern.length}`;
  return firstOf(pattern.map((member, index) => difference(value[index], member, `${path}[${index}]`)));
}

function objectDifference(value: unknown, pattern: Readonly<Record<string, Pattern>>, path: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path} is ${shown(value)}`;
  const keys = Object.keys(value).join(', ');
  const expected = Object.keys(pattern).join(', ');
  if (keys !== expected) return `${path === '' ? 'the body' : path} has the keys ${keys}; expected ${expected}`;
  const members = value as Record<string, unknown>;
  return firstOf(Object.entries(pattern).map(([key, member]) => difference(members[key], member, `${path}.${key}`)));
}

function firstOf(differences: readonly (string | null)[]): string | null {
  return differences.find((one) => one !== null) ?? null;
}

function isList(pattern: object): pattern is readonly Pattern[] {
  return Array.isArray(pattern);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

export function matches(value: unknown, pattern: Pattern): boolean {
  return difference(value, pattern, '') === null;
}
