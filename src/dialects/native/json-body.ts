/**
 * Reads JSON bodies: strict UTF-8, bounded nesting, and an empty body is no body (clients send the header out of habit).
 *
 * Fastify's own parser was set aside: it takes broken UTF-8 for U+FFFD, and it refuses honest data that has a key named `__proto__`,
 * which is harmless where nothing copies keys by assignment.
 */
import { isUtf8 } from 'node:buffer';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';

/** The value, or undefined for an empty body. Throws MALFORMED_JSON, or INVALID_REQUEST for nesting beyond `depthMax`. */
export function readJson(body: Buffer, depthMax: number): Json | undefined {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new BideError('MALFORMED_JSON', 'The body is not valid UTF-8.');
  requireShallow(body, depthMax);
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch (error) {
    throw new BideError('MALFORMED_JSON', `The body is not JSON: ${messageOf(error)}.`);
  }
}

/** A body too short to hold that many brackets, which is nearly every one, is not looked at. */
function requireShallow(body: Buffer, depthMax: number): void {
  if (body.length <= depthMax) return;
  if (depthOf(body, depthMax) <= depthMax) return;
  throw new BideError('INVALID_REQUEST', `The body is nested deeper than ${depthMax} levels (jsonDepthMax).`, {
    limit: 'jsonDepthMax',
    value: depthMax,
  });
}

/** Deepest nesting of brackets outside of strings, counted up to one past `stopAt`. */
function depthOf(body: Buffer, stopAt: number): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < body.length && deepest <= stopAt; at += 1) {
    const byte = body[at];
    if (isInString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isInString = false;
    } else if (byte === QUOTE) isInString = true;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth -= 1;
  }
  return deepest;
}

/** V8 quotes the text around the mistake, which may be long and secret; what it expected and where is enough. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const quote = text.indexOf(', "');
  if (quote !== -1) return text.slice(0, quote);
  return text.startsWith('"') ? 'not a JSON value' : text;
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
