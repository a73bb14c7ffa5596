/** What every group of native routes works with: the engine, the schemas, the guard, and how a job is answered. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { isFinal } from '../../core/state.ts';
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
}

type FaceParts = Pick<Face, 'engine' | 'holds' | 'wire' | 'guard' | 'base'>;

export function createFace(parts: FaceParts): Face {
  const { engine, base } = parts;
  const entryOf = createBodyCache<StatusEntry>((snapshot, shown) => ({
    body: jobBody(base, snapshot, shown),
    etag: etagOf(snapshot, shown),
    isFinal: isFinal(snapshot.job.state),
  }));

  function describe(reply: FastifyReply, entry: StatusEntry, snapshot: Snapshot): void {
    reply.header('etag', entry.etag).header('cache-control', CACHE_CONTROL);
    if (!entry.isFinal) reply.header('retry-after', retryAfterSeconds(engine.retryAfterMs(snapshot)));
  }

  return {
    ...parts,
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
