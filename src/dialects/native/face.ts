/** What every group of native routes works with: the engine, the schemas, the guard, and how a job is answered. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { isFinal, type ShownState } from '../../core/state.ts';
import type { Engine, Snapshot } from '../../engine/api.ts';
import { createBodyCache, etagOf, matchesEtag, retryAfterSeconds } from '../../http/status.ts';
import type { Hold } from '../dialect.ts';
import { jobBody } from './mapping.ts';
import type { createGuard } from './principal.ts';
import type { Wire } from './wire.ts';

export interface Face {
  readonly engine: Engine;
  readonly holds: Hold;
  readonly wire: Wire;
  readonly guard: ReturnType<typeof createGuard>;
  /** What stands before `/v1` in links. */
  readonly base: string;
  /** The job as JSON text, made once per revision. */
  readonly bodyOf: (snapshot: Snapshot) => string;
  /**
   * Answers with the job past Fastify's reply, which costs a tenth of a read (header checks, hooks, a second measuring of the body), and
   * tells whether it did: not inside somebody's app, whose hooks must see the answer, and not with headers to compare or set.
   */
  readonly sendFast: (request: FastifyRequest, reply: FastifyReply, snapshot: Snapshot) => boolean;
  /** Answers with the job, or with 304 where the client has this very state. */
  readonly sendStatus: (request: FastifyRequest, reply: FastifyReply, snapshot: Snapshot) => FastifyReply;
  /** Answers a command with the job as it is now. */
  readonly sendJob: (reply: FastifyReply, code: number, snapshot: Snapshot) => FastifyReply;
  readonly selfOf: (snapshot: Snapshot) => string;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Everybody's jobs are his own: no shared cache may keep them, and a private one asks again each time. */
const CACHE_CONTROL = 'private, no-cache';

interface StatusEntry {
  readonly body: string;
  readonly etag: string;
  readonly isFinal: boolean;
  /** As `writeHead` takes them: names and values in turn. Retry-After, which time changes, is missing. */
  readonly headers: readonly string[];
}

interface FaceParts extends Pick<Face, 'engine' | 'holds' | 'wire' | 'guard' | 'base'> {
  /** Whether the instance is Bide's own, with no hooks but ours. */
  readonly isOwn: boolean;
}

export function createFace(parts: FaceParts): Face {
  const { engine, base, isOwn } = parts;
  const entryOf = createBodyCache((snapshot, shown) => statusEntry(base, snapshot, shown));

  function describe(reply: FastifyReply, entry: StatusEntry, snapshot: Snapshot): void {
    reply.header('etag', entry.etag).header('cache-control', CACHE_CONTROL);
    if (!entry.isFinal) reply.header('retry-after', retryAfterSeconds(engine.retryAfterMs(snapshot)));
  }

  return {
    ...parts,
    sendFast(request, reply, snapshot) {
      const { headers } = request.raw;
      if (!isOwn || headers['if-none-match'] !== undefined || headers.prefer !== undefined) return false;
      const entry = entryOf(snapshot, engine.clock.now());
      const retryAfter = entry.isFinal ? [] : ['retry-after', String(retryAfterSeconds(engine.retryAfterMs(snapshot)))];
      reply.hijack();
      reply.raw.writeHead(200, [...entry.headers, ...retryAfter]);
      reply.raw.end(entry.body);
      return true;
    },
    bodyOf: (snapshot) => entryOf(snapshot, engine.clock.now()).body,
    sendStatus(request, reply, snapshot) {
      const entry = entryOf(snapshot, engine.clock.now());
      describe(reply, entry, snapshot);
      const known = request.raw.headers['if-none-match'];
      if (known !== undefined && matchesEtag(known, entry.etag)) return reply.code(304).send();
      return reply.type(JSON_TYPE).send(entry.body);
    },
    sendJob(reply, code, snapshot) {
      const entry = entryOf(snapshot, engine.clock.now());
      describe(reply, entry, snapshot);
      return reply.code(code).type(JSON_TYPE).send(entry.body);
    },
    selfOf: ({ job }) => `${base}/v1/jobs/${job.id}`,
  };
}

function statusEntry(base: string, snapshot: Snapshot, shown: ShownState): StatusEntry {
  const body = jobBody(base, snapshot, shown);
  const etag = etagOf(snapshot, shown);
  const length = String(Buffer.byteLength(body));
  const headers = ['content-type', JSON_TYPE, 'content-length', length, 'etag', etag, 'cache-control', CACHE_CONTROL];
  return { body, etag, isFinal: isFinal(snapshot.job.state), headers };
}

/** Runs a wait in a hold; 503 where the server holds as many requests as it may. */
export function holdOrRefuse<T>(
  face: Pick<Face, 'engine' | 'holds'>,
  request: FastifyRequest,
  reply: FastifyReply,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const held = face.holds.hold(request, reply, wait);
  if (held !== null) return held;
  const value = face.engine.limits.holdsMax;
  throw new BideError('TOO_MANY_HOLDS', `The server holds ${value} requests, which is its limit (holdsMax).`, {
    limit: 'holdsMax',
    value,
  });
}
