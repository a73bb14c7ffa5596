/**
 * Lets pages of other origins call this server from a browser, where the operator names those origins; off unless told.
 *
 * It stands below all faces, so that every answer says so: held ones, streams, refusals, and what is refused before a face sees it. Without that a
 * browser hides even the status. Foreign origins are told nothing, which is how a browser learns that they may not. Cookies are never let in
 * (`Access-Control-Allow-Credentials` is not sent), so that sessions of the dashboard stay where they are: a page brings a key, or the token
 * of a job. A face that lets every origin in by itself, as its vendor does, still does.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Cors {
  /** Whether answers differ by who asks, which caches have to be told. */
  readonly varies: boolean;
  /** What an answer to this origin says beside its own headers: nothing for a foreign one. */
  headersFor(origin: string | undefined): Readonly<Record<string, string>>;
}

export interface CorsSettings {
  /** `scheme://host:port` as browsers say it, or `*` alone for all. */
  readonly origins: readonly string[];
}

export const ANY_ORIGIN = '*';
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** What our client and its callers send; `*` stands for what clients of the other faces do. */
const REQUEST_HEADERS =
  'authorization, content-type, x-api-key, idempotency-key, prefer, if-match, if-none-match, if-range, last-event-id, range, traceparent, tracestate, *';
const ANSWER_HEADERS =
  'location, retry-after, etag, preference-applied, idempotency-replayed, unique-outcome, accept-ranges, content-range, content-length, allow, link, traceparent, www-authenticate, *';
/** The most that Chromium keeps a preflight for. */
const PREFLIGHT_SECONDS = '7200';

export function createCors({ origins }: CorsSettings): Cors {
  const allowed = new Set(origins);
  const isForAll = allowed.has(ANY_ORIGIN);
  const headersOf = (origin: string) => ({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': ANSWER_HEADERS,
  });
  const toAll = headersOf(ANY_ORIGIN);
  const toOne = new Map(origins.map((origin) => [origin, headersOf(origin)]));
  return {
    varies: !isForAll,
    headersFor: (origin) => (isForAll ? toAll : (toOne.get(origin ?? '') ?? {})),
  };
}

/** Sets them on an answer that somebody else writes later. */
export function setCors(cors: Cors, { headers }: IncomingMessage, response: ServerResponse): void {
  if (cors.varies) response.setHeader('vary', 'origin');
  for (const [name, value] of Object.entries(cors.headersFor(headers.origin))) response.setHeader(name, value);
}

/** Of an origin that may call. Of others the face answers, as it does without any of this. */
export function isPreflight(cors: Cors, { method, headers }: IncomingMessage): boolean {
  if (method !== 'OPTIONS' || headers.origin === undefined) return false;
  if (headers['access-control-request-method'] === undefined) return false;
  return 'access-control-allow-origin' in cors.headersFor(headers.origin);
}

/** What may be sent, to whatever path: the browser asks once in two hours, not before each call. */
export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': PREFLIGHT_SECONDS,
  });
  response.end();
}

/** More than any head that is read: what came before it belongs to somebody else. */
const HEAD_LENGTH_MAX = 65_536;
const ORIGIN_LINE = /\r\norigin:[ \t]{0,8}(\S{1,300})[ \t]{0,8}\r\n/i;

/** Out of the bytes of a head that could not be read, such as one that is too large. */
export function originIn(head: Uint8Array | undefined): string | undefined {
  if (head === undefined) return undefined;
  return ORIGIN_LINE.exec(
    Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, HEAD_LENGTH_MAX)).toString('latin1'),
  )?.[1];
}
