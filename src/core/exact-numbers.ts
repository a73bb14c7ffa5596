/**
 * Finds numbers in JSON text that would come out changed: JavaScript keeps every number as a double, JSON does not.
 *
 * - An integer must be written again with the same digits. 9007199254740993 (2^53 + 1) and 12345678901234567890 are not.
 * - A number with a point or an exponent is taken for a measurement and rounded to the nearest double, as everywhere; it must not become
 *   Infinity (1e400) or, not being 0, become 0 (1e-400).
 *
 * Everything here takes linear time and holds for valid JSON: parse first. Most texts cost one regular expression (0.1 µs for a short body,
 * as much as parsing for a megabyte); only those with a long run of digits or a large exponent are read number by number.
 */
import { BideError } from './errors.ts';

export interface InexactNumber {
  /** JSON pointer. */
  readonly path: string;
  /** One clause about it: `is 9007199254740993, which …`. */
  readonly message: string;
}

/** Throws NUMBER_INEXACT for a text, valid JSON, with a number that a double cannot hold. */
export function requireExactNumbers(text: string): void {
  const found = inexactNumber(text);
  if (found === null) return;
  throw new BideError('NUMBER_INEXACT', `${found.path || 'The body'} ${found.message}.`, { errors: [found] });
}

/** Sixteen digits of an integer, or an exponent of three: no other number can change. */
const SUSPICIOUS = /(?<![.\d])\d{16}|\d[eE][+-]?\d{3}/;
/** Its `lastIndex` is set before each use, and no use begins inside of another. */
const QUOTE_OR_NUMBER = /"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Digits of a number that a message repeats. */
const SHOWN_MAX = 40;

/** The first number in `text`, which is valid JSON, that a double cannot hold; null where there is none. */
export function inexactNumber(text: string): InexactNumber | null {
  if (!SUSPICIOUS.test(text)) return null;
  const found = firstInexact(text);
  if (found === null) return null;
  const shown = found.literal.length > SHOWN_MAX ? `${found.literal.slice(0, SHOWN_MAX)}…` : found.literal;
  const message = `is ${shown}, which a double cannot hold: it would become ${Number(found.literal)}; send it as a text`;
  return { path: pointerTo(text, found.at), message };
}

/** False means: no number in this text can change. Costs one regular expression. */
export function mayBeInexact(text: string): boolean {
  return SUSPICIOUS.test(text);
}

function firstInexact(text: string): { readonly literal: string; readonly at: number } | null {
  QUOTE_OR_NUMBER.lastIndex = 0;
  for (let match = QUOTE_OR_NUMBER.exec(text); match !== null; match = QUOTE_OR_NUMBER.exec(text)) {
    const [literal] = match;
    if (literal === '"') QUOTE_OR_NUMBER.lastIndex = endOfString(text, match.index);
    else if (!isExact(literal)) return { literal, at: match.index };
  }
  return null;
}

/** Whether a double holds the number that is written so. */
export function isExact(literal: string): boolean {
  // Fifteen digits fit whatever they are, with a sign too.
  if (literal.length < 16 && !/[eE]/.test(literal)) return true;
  const value = Number(literal);
  if (!Number.isFinite(value)) return false;
  if (/[.eE]/.test(literal)) return value !== 0 || !/^-?[0.]*[1-9]/.test(literal);
  return significant(String(value)) === significant(literal);
}

/** The digits without point, exponent and the zeros at the end. Equal for two integers that are next to each other only if they are one. */
function significant(integer: string): string {
  const [mantissa = ''] = integer.split('e', 1);
  const digits = mantissa.replace('.', '');
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** The index after the string that begins at `start`. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text[first - 1] === '\\') first -= 1;
    if ((end - first) % 2 === 0) return end + 1;
  }
}

/** JSON pointer to the value that begins at `target`. */
function pointerTo(text: string, target: number): string {
  const place: (string | number)[] = [];
  for (let at = 0; at < target; at += 1) {
    const sign = text[at];
    if (sign === '[') place.push(0);
    else if (sign === '{') place.push('');
    else if (sign === ']' || sign === '}') place.pop();
    else if (sign === ',') {
      const last = place.at(-1);
      if (typeof last === 'number') place[place.length - 1] = last + 1;
    } else if (sign === '"') {
      const end = endOfString(text, at);
      // Every string of an object counts as its key until the next one: the last before a number is the key of that number.
      if (typeof place.at(-1) === 'string') place[place.length - 1] = JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    }
  }
  return place.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
