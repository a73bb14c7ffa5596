/**
 * Request bodies in JSON, read in one way behind every face: strict UTF-8, bounded nesting, and an empty body is no body (clients
 * send the header out of habit).
 *
 * Vendors' bodies are read late: they stay bytes until the caller is known, so that who is not let in learns nothing of what is wrong
 * with their body, and so that clients that send a content type without a body are not refused for it.
 *
 * Fastify's own parser was set aside: it takes broken UTF-8 for U+FFFD, and it refuses honest data that has a key named `__proto__`,
 * which is harmless where nothing copies keys by assignment.
 */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BideError } from '../core/errors.ts';
import { requireExactNumbers } from '../core/exact-numbers.ts';
import type { Json } from '../core/job.ts';
import { jsonDepth } from '../core/json-depth.ts';
import type { Limits } from '../core/limits.ts';
import { isJsonType, mediaTypeOf } from '../core/media-type.ts';
import { credentialsOf, TURNS } from '../http/turns.ts';
import type { AnyCall } from './call.ts';

/** By name, since Fastify looks a parser for `*` up anew each time: 3 µs of a poll that costs 35. */
const ANY_TYPE = ['application/json', '*'];

/** Takes every content type, as bytes. `jsonBodyOf` reads them. */
export function takeRawBodies(app: FastifyInstance, options: { readonly bodyLimit?: number } = {}): void {
  app.addContentTypeParser(ANY_TYPE, { parseAs: 'buffer', ...options }, (request, body, done) => {
    inTurn(request, body, () => done(encodingError(request), body));
  });
}

/** Takes `application/json` and nothing else, parsed before the handler sees it. */
export function takeJsonBodies(app: FastifyInstance, { bodyBytesMax, jsonDepthMax }: Limits): void {
  const read = (body: Buffer, done: (error: Error | null, body?: unknown) => void) => {
    try {
      done(null, readJson(body, jsonDepthMax));
    } catch (error) {
      done(error as Error);
    }
  };
  const options = { parseAs: 'buffer', bodyLimit: bodyBytesMax } as const;
  app.addContentTypeParser<Buffer>('application/json', options, (request, body, done) => {
    const error = encodingError(request);
    if (error === null) inTurn(request, body, () => read(body, done));
    else done(error);
  });
}

/** A compressed body is refused by what it is: taken as it is it would be no JSON, or a result in an encoding that nobody remembers. */
export function encodingError(request: FastifyRequest): BideError | null {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return null;
  const message = `The body is sent with Content-Encoding: ${encoding.slice(0, 50)}; send it as it is, without.`;
  return new BideError('MEDIA_TYPE_UNSUPPORTED', message);
}

/** A large body comes long after its headers had their turn, and what follows from it is most of the work. */
const LARGE_BYTES = 4_096;

function inTurn(request: FastifyRequest, body: Buffer | string, serve: () => void): void {
  if (body.length < LARGE_BYTES) serve();
  else TURNS.take(credentialsOf(request.raw), serve);
}

/** The body, undefined when it is empty. */
export function rawBodyOf(request: FastifyRequest): Buffer | undefined {
  return request.body instanceof Buffer && request.body.length > 0 ? request.body : undefined;
}

/** The body as JSON; undefined when it is empty. MEDIA_TYPE_UNSUPPORTED for a type that is no JSON (none at all is taken), or as `readJson` throws. */
export function jsonBodyOf({ request, context }: Pick<AnyCall, 'request' | 'context'>): Json | undefined {
  const body = rawBodyOf(request);
  if (body === undefined) return undefined;
  const mediaType = mediaTypeOf(request.headers['content-type']);
  if (mediaType !== '' && !isJsonType(mediaType)) {
    throw new BideError('MEDIA_TYPE_UNSUPPORTED', `The body must be application/json, not ${mediaType}.`);
  }
  return readJson(body, context.engine.limits.jsonDepthMax, 'The body is not JSON.');
}

/**
 * The value, or undefined for an empty body. Throws MALFORMED_JSON, INVALID_REQUEST for nesting beyond `depthMax`, or NUMBER_INEXACT for a
 * number that would come out changed.
 * @param malformed what is said of a text that is not JSON; what is wrong with it unless told.
 */
export function readJson(body: Buffer, depthMax: number, malformed?: string): Json | undefined {
  if (body.length === 0) return undefined;
  const text = textOf(body, depthMax, malformed);
  const value = parsed(text, malformed);
  requireExactNumbers(text);
  return value;
}

function textOf(body: Buffer, depthMax: number, malformed?: string): string {
  if (!isUtf8(body)) throw new BideError('MALFORMED_JSON', malformed ?? 'The body is not valid UTF-8.');
  requireShallow(body, depthMax);
  return body.toString('utf8');
}

function parsed(text: string, malformed?: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new BideError('MALFORMED_JSON', malformed ?? `The body is not JSON: ${messageOf(error)}.`);
  }
}

/** A body too short to hold that many brackets, which is nearly every one, is not looked at. */
function requireShallow(body: Buffer, depthMax: number): void {
  if (body.length <= depthMax || jsonDepth(body, depthMax) <= depthMax) return;
  throw new BideError('INVALID_REQUEST', `The body is nested deeper than ${depthMax} levels (jsonDepthMax).`, {
    limit: 'jsonDepthMax',
    value: depthMax,
  });
}

/** V8 quotes the text around the mistake, which may be long and secret; what it expected and where is enough. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const quote = text.indexOf(', "');
  if (quote !== -1) return text.slice(0, quote);
  return text.startsWith('"') ? 'not a JSON value' : text;
}
