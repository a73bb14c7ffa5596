/**
 * Texts and arrays on their way to PostgreSQL and back.
 *
 * PostgreSQL's text cannot hold U+0000, and one such character in one job would fail the whole batch that it travels in. So it
 * is escaped, reversibly, with a private-use character: nothing a caller sends can break the jobs of others, and they get
 * back what they sent. Lone surrogates become U+FFFD, as everywhere in UTF-8.
 *
 * Arrays are written here and not by the driver, which runs two regular expressions over each element: 2.5 times faster for
 * the numbers and ids that most of our arrays hold.
 */

const ESCAPE = '\uE000';
const ESCAPED_ESCAPE = '\uE000\uE001';
const ESCAPED_NUL = '\uE000\uE002';

/** The text to store. */
export function storedText(text: string): string {
  if (!text.includes('\0') && !text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPE, ESCAPED_ESCAPE).replaceAll('\0', ESCAPED_NUL);
}

/** What `storedText` was given. */
export function givenText(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPED_NUL, '\0').replaceAll(ESCAPED_ESCAPE, ESCAPE);
}

/**
 * An array without a value is sent empty: `unnest` of several arrays fills the shorter ones up with nulls, and most columns of
 * most patches have none. The first array of a statement (ids, types) always has its full length.
 */
const NO_VALUES = '{}';

/** A literal for int, bigint, float or uuid arrays: elements that need no quotes. */
export function plainArray(items: readonly (number | string | null)[]): string {
  if (items.every((item) => item === null)) return NO_VALUES;
  return `{${(items.includes(null) ? items.map((item) => item ?? 'NULL') : items).join(',')}}`;
}

/** A literal for text arrays. */
export function textArray(items: readonly (string | null)[]): string {
  return storedTextArray(items.map((item) => (item === null ? null : storedText(item))));
}

/** The same for texts that went through `storedText` before. */
export function storedTextArray(items: readonly (string | null)[]): string {
  if (items.every((item) => item === null)) return NO_VALUES;
  return `{${items.map((item) => (item === null ? 'NULL' : quoted(item))).join(',')}}`;
}

const NEEDS_ESCAPE = /["\\]/;
const ESCAPABLE = /["\\]/g;

function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(ESCAPABLE, '\\$&')}"` : `"${text}"`;
}
