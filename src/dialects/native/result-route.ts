/**
 * The result as it was stored: its bytes, its content type, ranges of it. Of a range only its bytes are read, of the whole what is taken.
 *
 * A result is whatever a handler made, HTML included, and is served from the origin of the dashboard: the sandbox policy takes away what a
 * page could do there, and `nosniff` keeps text from becoming a page.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { isFinal } from '../../core/state.ts';
import type { ResultOutcome, Snapshot } from '../../engine/api.ts';
import { admitAnswer } from '../../http/answers.ts';
import type { Face } from './face.ts';
import { notThere, requireFound, requireJobId } from './mapping.ts';
import { principalOf } from './principal.ts';
import { rangeOf } from './range.ts';
import { firstSlice, type ResultSource, resultStream } from './result-stream.ts';
import { matchesEtag, retryAfterSeconds } from './status.ts';

const BYTES = { '*/*': { schema: { type: 'string', format: 'binary' } } };
const HEADERS = {
  'accept-ranges': 'bytes',
  'cache-control': 'private, no-cache',
  'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  'x-content-type-options': 'nosniff',
} as const;

export function declareResultRoute(app: FastifyInstance, face: Face): void {
  app.get(
    '/v1/jobs/:id/result',
    {
      onRequest: face.guard('read', 'job'),
      schema: {
        tags: ['jobs'],
        summary: 'Fetch the result as it was stored, or a range of its bytes',
        params: face.wire.idParams,
        response: {
          200: { content: { 'application/json': { schema: {} }, ...BYTES }, description: 'The result.' },
          206: { content: BYTES, description: 'A range of it.' },
        },
      },
    },
    (request, reply) => sendResult(face, request, reply),
  );
}

async function sendResult(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const snapshot = await finalOf(face, request, reply);
  const meta = snapshot.job.result;
  if (meta === null) throw refusalOf(face, reply, { kind: 'none', snapshot });
  const etag = etagOfResult(snapshot);
  reply.headers(HEADERS).header('etag', etag);
  const { headers } = request.raw;
  if (matchesEtag(headers['if-none-match'], etag)) return reply.code(304).send();
  const isRangeMeant = headers['if-range'] === undefined || headers['if-range'] === etag;
  const range = isRangeMeant ? rangeOf(headers.range, meta.bytes) : null;
  if (range === 'unsatisfiable') throw unsatisfiable(reply, meta.bytes);
  if (range !== null) reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${meta.bytes}`);
  // Fastify adds a charset to JSON types on its own only for strings: bytes keep the type that they were stored with.
  reply.type(meta.contentType);
  return sendBytes(face, request, reply, { snapshot, range: range ?? { first: 0, last: meta.bytes - 1 } });
}

async function sendBytes(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  part: Pick<ResultSource, 'snapshot' | 'range'>,
): Promise<FastifyReply> {
  const { first, last } = part.range;
  const total = last - first + 1;
  // As a stream, since of what is sent Fastify would take the length from the bytes.
  if (request.method === 'HEAD') return reply.header('content-length', total).send(Readable.from([]));
  const source = { ...part, engine: face.engine };
  const outcome = await firstSlice(source);
  if (outcome.kind !== 'found') throw refusalOf(face, reply, outcome);
  if (etagOfResult(outcome.snapshot) !== etagOfResult(part.snapshot)) throw replaced(face, reply, outcome.snapshot);
  const { bytes } = outcome.result;
  if (bytes.byteLength === total) return reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  // One slice on its way to the reader, and one that waits behind it.
  admitAnswer(reply, 2 * bytes.byteLength);
  return reply.header('content-length', total).send(resultStream(source, bytes));
}

/** The job once its result may be there. */
async function finalOf({ engine, holds }: Face, request: FastifyRequest, reply: FastifyReply): Promise<Snapshot> {
  const { tenant } = principalOf(request);
  const id = requireJobId((request.params as { id: string }).id);
  const snapshot = engine.peek(tenant, id) ?? requireFound((await engine.read(tenant, [id]))[0]);
  if (isFinal(snapshot.job.state)) return snapshot;
  holds.look(principalOf(request), snapshot.job);
  throw notReady(engine, reply, snapshot);
}

function unsatisfiable(reply: FastifyReply, size: number): BideError {
  reply.removeHeader('etag').header('content-range', `bytes */${size}`);
  return new BideError('RANGE_NOT_SATISFIABLE', `The result has ${size} bytes.`, { bytes: size });
}

function refusalOf(face: Face, reply: FastifyReply, outcome: Exclude<ResultOutcome, { kind: 'found' }>): BideError {
  if (outcome.kind === 'gone' || outcome.kind === 'missing') return notThere(outcome);
  if (outcome.kind === 'none') return new BideError('RESULT_NONE', undefined, { state: outcome.snapshot.job.state });
  return notReady(face.engine, reply, outcome.snapshot);
}

function notReady(engine: Face['engine'], reply: FastifyReply, snapshot: Snapshot): BideError {
  reply.header('retry-after', retryAfterSeconds(engine.retryAfterMs(snapshot)));
  return new BideError('RESULT_NOT_READY', undefined, { state: snapshot.job.state });
}

/** Between the look at the job and the look at its result it ran once more: the next request finds the new one. */
function replaced(face: Face, reply: FastifyReply, snapshot: Snapshot): BideError {
  reply.removeHeader('etag').removeHeader('content-range');
  return notReady(face.engine, reply, snapshot);
}

/** A result changes only by a retry, which changes the fence too. */
function etagOfResult({ job }: Snapshot): string {
  return `"r${job.fence}-${job.result?.bytes ?? 0}"`;
}
