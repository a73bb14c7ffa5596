/**
 * The plugin: each request is read in its encoding, authenticated, handed to the engine and answered in the same encoding.
 *
 * Checks come in the vendor's order: credentials (401), path (404), body (400), fields (400). Whatever the frame refuses leaves
 * as JSON; for a binary caller `onSend` turns it into the datum of the same wrapper.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { isJsonType, mediaTypeOf } from '../../core/media-type.ts';
import { noteCaller } from '../../http/caller.ts';
import type { NumberCipher, Principal } from '../../http/dialect.ts';

import { requireTypes } from '../configured-types.ts';
import { answerPreflight } from '../cors.ts';
import { credentialOf, principalOf, requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jsonBodyOf, rawBodyOf, takeRawBodies } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import type { Call, Context } from './call.ts';
import { type Body, bodyOf, type Encoding } from './encoding.ts';
import { polledText } from './endpoints.ts';
import { CORS, errorBody } from './mapping.ts';
import { ENDPOINTS, type Endpoint } from './served.ts';
import { uncompressed } from './snappy.ts';
import { createTableMemory } from './table-memory.ts';
import { type Wrapper, wrapper } from './wire.ts';

const JSON_TYPE = 'application/json';
const BINARY_TYPE = 'application/octet-stream';
const SNAPPY_TYPE = 'application/x-snappy';
const RUNNING = 'Kinetica is running!';
const SECOND_MS = 1_000;

export function register(app: FastifyInstance, context: Context): void {
  requireTypes(context.engine, 'dialects.kinetica.options.endpoints', context.options.endpoints);
  frame(app, { errorBody, preflight: answerPreflight }, (framed) => {
    takeRawBodies(framed);
    framed.decorateRequest(BEGUN_AT, 0);
    framed.addHook('onRequest', (request, _reply, done) => {
      (request as Timed)[BEGUN_AT] = performance.now();
      done();
    });
    framed.addHook('onSend', (request, reply, payload, done) => done(null, finished(request, reply, payload)));
    const polled = polling(context);
    const tables = createTableMemory();
    framed.get('/', (_request, reply) => reply.type('text/plain').send(RUNNING));
    for (const served of ENDPOINTS) {
      const { path } = served;
      // Clients may be given a base URL with a path of its own, one segment of which is tolerated.
      for (const url of [path, `/:prefix${path}`]) {
        const handle: Handle = (request, reply) => serve({ context, request, reply, tables }, served);
        framed.post(url, path === '/get/job' ? polled(handle) : handle);
      }
    }
  });
}

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;

/**
 * Polls come often: the answer about a job in memory, in JSON, is made once and sent without a promise. Whatever is out of the
 * ordinary (other bodies, other callers, jobs that go with their answer) takes the long way.
 */
function polling(context: Context): (otherwise: Handle) => Handle {
  const { engine, auth, holds } = context;
  const textOf = keptPerSnapshot((snapshot) => polledText(context, snapshot));
  let ids: NumberCipher | undefined;
  const snapshotOf = (tenant: string, id: number) => {
    if (ids !== undefined) return engine.peekByNumber(tenant, ids.open(id));
    // The first poll goes the long way, which reads what is needed too.
    void auth.jobIds().then((read) => {
      ids = read;
    }, ignore);
    return undefined;
  };
  return (otherwise) => (request, reply) => {
    const credential = credentialOf(request.headers.authorization);
    const principal = credential === null ? null : principalOf(auth, credential.secret);
    const number = polledNumber(request);
    const isKnown = principal !== null && !(principal instanceof Promise) && principal.scopes.has('read');
    const snapshot = isKnown && number !== null ? snapshotOf(principal.tenant, number) : undefined;
    const text = snapshot === undefined ? undefined : textOf(snapshot, engine.clock.now());
    if (text === undefined) return otherwise(request, reply);
    if (isKnown && snapshot !== undefined) holds.look(principal, snapshot.job);
    return sendPlainJson(reply, text, 200, [...CORS_PAIRS, TIME_HEADER, secondsSince(request).toFixed(5)]);
  };
}

const ignore = () => {};

/** The id in a plain JSON poll; null for everything that must be read with care. */
function polledNumber(request: FastifyRequest): number | null {
  if (!(request.body instanceof Buffer) || !isJsonType(request.headers['content-type'])) return null;
  const number = POLL.exec(request.body.toString('latin1'))?.[1];
  return number === undefined || !Number.isSafeInteger(Number(number)) ? null : Number(number);
}

/** What every client sends: the id, and options that are empty. 2^53 has 16 digits. */
const POLL = /^\s*\{\s*"job_id"\s*:\s*(\d{1,16})\s*(?:,\s*"options"\s*:\s*\{\s*\}\s*)?\}\s*$/;

const TIME_HEADER = 'x-request-time-secs';
const CORS_PAIRS = Object.entries(CORS).flat();

type Unproven = Pick<Call, 'context' | 'request' | 'reply' | 'tables'>;

async function serve(unproven: Unproven, { scope, answer }: Endpoint) {
  const { context, request, reply } = unproven;
  const principal = await authenticate(context, request);
  requireScope(principal, scope);
  const encoding = encodingOf(request);
  const body = bodyIn(context, request, encoding);
  const ids = await context.auth.jobIds();
  const user = userOf(request, principal);
  const out = await answer({ ...unproven, principal, user, ids, encoding }, body);
  return reply.type(encoding === 'binary' ? BINARY_TYPE : JSON_TYPE).send(bodyOf(encoding, out));
}

async function authenticate(context: Context, request: FastifyRequest): Promise<Principal> {
  const credential = credentialOf(request.headers.authorization);
  const principal = credential === null ? null : await principalOf(context.auth, credential.secret);
  if (principal === null) throw new BideError('UNAUTHENTICATED', 'Not authorized: wrong user name, password or token.');
  noteCaller(request, principal.tenant);
  return principal;
}

function userOf(request: FastifyRequest, { tenant }: Principal): string {
  const credential = credentialOf(request.headers.authorization);
  return credential?.scheme === 'basic' && credential.user !== '' ? credential.user : tenant;
}

function encodingOf(request: FastifyRequest): Encoding {
  const mediaType = mediaTypeOf(request.headers['content-type']);
  return mediaType === BINARY_TYPE || mediaType === SNAPPY_TYPE ? 'binary' : 'json';
}

function bodyIn(context: Context, request: FastifyRequest, encoding: Encoding): Body {
  const bytes = rawBodyOf(request);
  if (bytes === undefined) throw new BideError('INVALID_REQUEST', 'The body is empty.');
  if (mediaTypeOf(request.headers['content-type']) === SNAPPY_TYPE) {
    return { encoding: 'binary', bytes: uncompressed(bytes, context.engine.limits.bodyBytesMax) };
  }
  if (encoding === 'binary') return { encoding, bytes };
  if (!isJsonType(request.headers['content-type'])) {
    throw new BideError('MEDIA_TYPE_UNSUPPORTED', `Send ${JSON_TYPE}, ${BINARY_TYPE} or ${SNAPPY_TYPE}.`);
  }
  return { encoding, value: jsonBodyOf({ context, request }) };
}

/** Fastify measures the time of a request only where it logs it. On the request itself: a map of them costs the collector of garbage more. */
const BEGUN_AT = Symbol('kinetica.begunAt');
type Timed = FastifyRequest & { [BEGUN_AT]?: number };

/** 0 where nothing began, as for a request that the frame refused unread. */
function secondsSince(request: Timed): number {
  const begunAt = request[BEGUN_AT] ?? 0;
  return begunAt === 0 ? 0 : (performance.now() - begunAt) / SECOND_MS;
}

/** Headers of every answer, and for a binary caller the binary form of what the frame said in JSON. */
function finished(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  reply.headers(CORS).header(TIME_HEADER, secondsSince(request).toFixed(5));
  const isJson = String(reply.getHeader('content-type')).startsWith(JSON_TYPE);
  if (encodingOf(request) === 'json' || !isJson || typeof payload !== 'string') return payload;
  const said = JSON.parse(payload) as Wrapper;
  reply.removeHeader('content-length').type(BINARY_TYPE);
  return wrapper.binary.encode({ ...said, data: Buffer.alloc(0) });
}
