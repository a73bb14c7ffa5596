/**
 * The result as it was stored: its bytes, its content type, ranges of it.
 *
 * A result is whatever a handler made, HTML included, and is served from the origin of the dashboard: the sandbox policy takes away what a
 * page could do there, and `nosniff` keeps text from becoming a page.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { ResultOutcome, Snapshot } from '../../engine/api.ts';
import type { Face } from './face.ts';
import { notThere, requireJobId } from './mapping.ts';
import { principalOf } from './principal.ts';
import { type ByteRange, rangeOf } from './range.ts';
import { matchesEtag, retryAfterSeconds } from './status.ts';

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
      onRequest: face.guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'Fetch the result as it was stored, or a range of its bytes',
        params: face.wire.idParams,
        response: {
          200: { content: { '*/*': { schema: { type: 'string', format: 'binary' } } }, description: 'The result.' },
          206: { content: { '*/*': { schema: { type: 'string', format: 'binary' } } }, description: 'A range of it.' },
        },
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const id = requireJobId((request.params as { id: string }).id);
      return sendResult(face, request, reply, await face.engine.readResult(tenant, id));
    },
  );
}

function sendResult(face: Face, request: FastifyRequest, reply: FastifyReply, outcome: ResultOutcome): FastifyReply {
  if (outcome.kind !== 'found') throw refusalOf(face, reply, outcome);
  const { contentType, bytes } = outcome.result;
  const etag = etagOfResult(outcome.snapshot);
  reply.headers(HEADERS).header('etag', etag);
  const { headers } = request.raw;
  if (matchesEtag(headers['if-none-match'], etag)) return reply.code(304).send();
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isRangeMeant = headers['if-range'] === undefined || headers['if-range'] === etag;
  const range = isRangeMeant ? rangeOf(headers.range, body.length) : null;
  if (range === 'unsatisfiable') throw unsatisfiable(reply, body.length);
  // Whoever asks for a large result and does not read it would keep it in memory for as long as he likes. On the socket, which an
  // injected request has none of: a timer on the response would outlive it there, and keep its program alive.
  const { socket } = request.raw;
  if ('setTimeout' in socket) socket.setTimeout(face.engine.limits.idleTimeoutMs);
  // Fastify adds a charset to JSON types on its own only for strings: bytes keep the type that they were stored with.
  reply.type(contentType);
  return range === null ? reply.send(body) : sendRange(reply, body, range);
}

function sendRange(reply: FastifyReply, body: Buffer, { first, last }: ByteRange): FastifyReply {
  return reply
    .code(206)
    .header('content-range', `bytes ${first}-${last}/${body.length}`)
    .send(body.subarray(first, last + 1));
}

function unsatisfiable(reply: FastifyReply, size: number): BideError {
  reply.removeHeader('etag').header('content-range', `bytes */${size}`);
  return new BideError('RANGE_NOT_SATISFIABLE', `The result has ${size} bytes.`, { bytes: size });
}

function refusalOf(face: Face, reply: FastifyReply, outcome: Exclude<ResultOutcome, { kind: 'found' }>): BideError {
  if (outcome.kind === 'gone' || outcome.kind === 'missing') return notThere(outcome);
  const { state } = outcome.snapshot.job;
  if (outcome.kind === 'none') return new BideError('RESULT_NONE', undefined, { state });
  reply.header('retry-after', retryAfterSeconds(face.engine.retryAfterMs(outcome.snapshot)));
  return new BideError('RESULT_NOT_READY', undefined, { state });
}

/** A result changes only by a retry, which changes the fence too. */
function etagOfResult({ job }: Snapshot): string {
  return `"r${job.fence}-${job.result?.bytes ?? 0}"`;
}
