/**
 * Checks of values that were read from somewhere, as tables: a check of a type of the contract has an entry for each of its fields, or
 * it does not compile. A field that no table knows is refused, since whoever wrote it meant something by it.
 */

/** What is wrong with a value, after the path to it (`.retry.attempts is no whole number`); null when nothing is. */
export type Check = (value: unknown) => string | null;

export type Fields<T> = { readonly [K in keyof Required<T>]: Check };

const INT32_MAX = 2 ** 31 - 1;

/** A value of JSON is one of these already. */
export const anything: Check = () => null;

export const text: Check = (value) => (typeof value === 'string' ? null : ' is no text');

/** From 0, exact in a double: numbers, revisions, times and durations. */
export const whole: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? null : ' is no whole number from 0 on';

/** Of 32 bits, either sign: what columns for small numbers take. */
export const small: Check = (value) =>
  Number.isInteger(value) && Math.abs(value as number) <= INT32_MAX ? null : ' is no whole number of 32 bits';

export const finite: Check = (value) => (Number.isFinite(value) ? null : ' is no number');

export function oneOf(words: readonly string[]): Check {
  return (value) => (words.includes(value as string) ? null : ` is none of ${words.join(', ')}`);
}

/** Without a pattern for the whole: on a text of 100 MB it would exhaust the stack. */
export const base64: Check = (value) => {
  if (typeof value !== 'string' || value.length % 4 !== 0) return ' is no base64';
  const padding = value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0;
  return /[^A-Za-z0-9+/]/.test(value.slice(0, value.length - padding)) ? ' is no base64' : null;
};

export function orNull(check: Check): Check {
  return (value) => (value === null ? null : check(value));
}

export function listOf(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return ' is no list';
    return firstOf(value.entries(), ([index, item]) => prefixed(`[${index}]`, check(item)));
  };
}

/** Any names, values of one kind. */
export function mapOf(check: Check): Check {
  return (value) => {
    if (!isObject(value)) return ' is no object';
    return firstOf(Object.entries(value), ([name, item]) => prefixed(`[${JSON.stringify(name)}]`, check(item)));
  };
}

export function objectOf<T>(fields: Fields<T>): Check {
  const checks = Object.entries(fields) as readonly (readonly [string, Check])[];
  const names = new Set(checks.map(([name]) => name));
  return (value) => {
    if (!isObject(value)) return ' is no object';
    const wrong = firstOf(checks, ([name, check]) =>
      Object.hasOwn(value, name) ? prefixed(`.${name}`, check(value[name])) : `.${name} is missing`,
    );
    if (wrong !== null) return wrong;
    const unknown = Object.keys(value).find((name) => !names.has(name));
    return unknown === undefined ? null : `.${unknown} is not known`;
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function prefixed(path: string, wrong: string | null): string | null {
  return wrong === null ? null : `${path}${wrong}`;
}

function firstOf<T>(items: Iterable<T>, wrongWith: (item: T) => string | null): string | null {
  for (const item of items) {
    const wrong = wrongWith(item);
    if (wrong !== null) return wrong;
  }
  return null;
}
