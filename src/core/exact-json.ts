/**
 * `JSON.parse` for whoever passes a value on: a number that a double cannot hold stays the text that it was.
 *
 * Such a number comes as a raw value, which `JSON.stringify` writes as it came (`JSON.rawJSON`). It is no number, no text and no object
 * with members to anybody else: `literalOf` reads it, `isObject` refuses it.
 *
 * Linear, and fit for the threads of the server: a text without a suspicious number costs one regular expression, any other one pass over
 * its characters. A reviver with the source of each value was set aside: it costs a microsecond per value, 8 s for 16 MB of short numbers.
 */
import { endOfString, isExact, mayBeInexact } from './exact-numbers.ts';
import type { Json } from './job.ts';
import { isObject } from './json-object.ts';
import { rawJson } from './raw-json.ts';

/** Throws as `JSON.parse` does. */
export function parseForPassingOn(text: string): Json {
  const value = JSON.parse(text) as Json;
  if (!mayBeInexact(text)) return value;
  const root = [value];
  keepLiterals(text, root);
  return root[0] ?? null;
}

/** A list or an object, as far as it was read. */
interface Place {
  /** Undefined where a key came twice, and this is not the one that counts. */
  readonly holder: Json | undefined;
  readonly isList: boolean;
  /** Items before, in a list. */
  index: number;
  /** Where the last string of an object begins: before a value that is none, it is the key. */
  stringAt: number;
}

/** Puts raw values into the place of numbers that came out changed. @param root a list of the one value that the text was parsed to. */
function keepLiterals(text: string, root: Json[]): void {
  const outer: Place[] = [];
  let place: Place = { holder: root, isList: true, index: 0, stringAt: 0 };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) {
      place.stringAt = at;
      at = endOfString(text, at) - 1;
    } else if (sign === COMMA) place.index += 1;
    else if (sign === OPEN_LIST || sign === OPEN_OBJECT) {
      outer.push(place);
      place = { holder: memberAt(text, place), isList: sign === OPEN_LIST, index: 0, stringAt: 0 };
    } else if (sign === CLOSE_LIST || sign === CLOSE_OBJECT) place = outer.pop() ?? place;
    else if (sign === MINUS || isDigit(sign)) {
      const end = endOfNumber(text, at);
      if (end - at >= INEXACT_LENGTH_MIN) keepLiteral(text, place, text.slice(at, end));
      at = end - 1;
    }
  }
}

function keepLiteral(text: string, place: Place, literal: string): void {
  // Where a key came twice, what stands there may be of the other.
  if (isExact(literal) || memberAt(text, place) !== Number(literal)) return;
  (place.holder as Record<string | number, unknown>)[keyAt(text, place)] = rawJson.rawJSON(literal);
}

function memberAt(text: string, place: Place): Json | undefined {
  const { holder, isList } = place;
  if (isList ? !Array.isArray(holder) : !isObject(holder)) return undefined;
  return (holder as Readonly<Record<string | number, Json>>)[keyAt(text, place)];
}

function keyAt(text: string, { isList, index, stringAt }: Place): string | number {
  return isList ? index : (JSON.parse(text.slice(stringAt, endOfString(text, stringAt))) as string);
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  for (; end < text.length; end += 1) {
    const sign = text.charCodeAt(end);
    // With a point, an exponent and its sign: the text is valid, so nothing else can follow.
    if (!isDigit(sign) && sign !== POINT && sign !== PLUS && sign !== MINUS && (sign | 32) !== SMALL_E) break;
  }
  return end;
}

function isDigit(sign: number): boolean {
  return sign >= ZERO && sign <= NINE;
}

/** As `1e400`: nothing shorter can change. */
const INEXACT_LENGTH_MIN = 5;

const QUOTE = 34;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const SMALL_E = 101;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
