/** What every group of native routes works with: the engine, the schemas, the guard, and how a job is answered. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HeldBack } from '../../core/held-back.ts';
import { isFinal, type ShownState, shownState } from '../../core/state.ts';
import type { CallerSignal, Engine, Snapshot } from '../../engine/api.ts';
import type { Authenticator, Hold } from '../../http/dialect.ts';
import { holdOrRefuse as holdFor } from '../open-streams.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import { jobBody, withHeldBack, withNumber } from './mapping.ts';
import { type createGuard, principalOf } from './principal.ts';
import { etagOf, matchesEtag, retryAfterSeconds } from './status.ts';
import type { Wire } from './wire.ts';

export interface Face {
  readonly engine: Engine;
  readonly holds: Hold;
  readonly numbers: Authenticator['numbers'];
  readonly places: Authenticator['places'];
  readonly jobTokens: Authenticator['issueJobToken'];
  readonly wire: Wire;
  readonly guard: ReturnType<typeof createGuard>;
  /** What stands before `/v1` in links. */
  readonly base: string;
  /** The job as JSON text, made once per revision. */
  readonly bodyOf: (snapshot: Snapshot) => string;
  /** Answers with the job, or with 304 where the client has this very state. `held` is what holds it back. */
  readonly sendStatus: (
    request: FastifyRequest,
    reply: FastifyReply,
    snapshot: Snapshot,
    held?: HeldBack | null,
  ) => FastifyReply;
  /** Answers a command with the job as it is now, and what holds it back. */
  readonly sendJob: (reply: FastifyReply, code: number, snapshot: Snapshot) => FastifyReply | Promise<FastifyReply>;
  /**
   * The same past Fastify's reply, which costs a tenth of a read (header objects, hooks that are not there, a second measuring of the body).
   * Only for a reply on which nothing was set; inside somebody's app, whose hooks must see the answer, it is sent the usual way.
   * @returns what the handler has to return: nothing where the answer is out already.
   */
  readonly sendPlain: (reply: FastifyReply, plain: PlainAnswer) => FastifyReply | undefined;
  readonly selfOf: (snapshot: Snapshot) => string;
}

export interface PlainAnswer {
  readonly code: number;
  readonly snapshot: Snapshot;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  /** Whether the snapshot is likely to be asked for again as it is. */
  readonly isRemembered: boolean;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Everybody's jobs are their own: no shared cache may keep them, and a private one asks again each time. */
export const CACHE_CONTROL = 'private, no-cache';

interface StatusEntry {
  readonly body: string;
  readonly etag: string;
  /** Names and values in turn, as `writeHead` takes them. Retry-After, which time changes, is not among them. */
  readonly headers: readonly string[];
}

interface FaceParts
  extends Pick<Face, 'engine' | 'holds' | 'numbers' | 'places' | 'jobTokens' | 'wire' | 'guard' | 'base'> {
  /** Whether the instance is Bide's own, with no hooks but ours. */
  readonly isOwn: boolean;
}

export function createFace(parts: FaceParts): Face {
  const { engine, base, isOwn } = parts;
  const entryOf = keptPerSnapshot((snapshot, shown) => statusEntry(base, snapshot, shown));

  function retryAfterOf(snapshot: Snapshot): string {
    return String(retryAfterSeconds(engine.retryAfterMs(snapshot)));
  }

  function describe(reply: FastifyReply, entry: StatusEntry, snapshot: Snapshot): void {
    reply.header('etag', entry.etag).header('cache-control', CACHE_CONTROL);
    if (!isFinal(snapshot.job.state)) reply.header('retry-after', retryAfterOf(snapshot));
  }

  /** Not remembered: see `isRemembered` of a plain answer. */
  function freshEntry(snapshot: Snapshot): StatusEntry {
    return statusEntry(base, snapshot, shownState(snapshot.job, engine.clock.now()));
  }

  function entryOfHeld(snapshot: Snapshot, held: HeldBack): StatusEntry {
    return heldEntry(base, snapshot, held, shownState(snapshot.job, engine.clock.now()));
  }

  function sendEntry(reply: FastifyReply, code: number, snapshot: Snapshot, entry: StatusEntry): FastifyReply {
    describe(reply, entry, snapshot);
    return reply.code(code).type(JSON_TYPE).send(entry.body);
  }

  return {
    ...parts,
    bodyOf: (snapshot) => entryOf(snapshot, engine.clock.now()).body,
    sendStatus(request, reply, snapshot, held = null) {
      const entry = held === null ? entryOf(snapshot, engine.clock.now()) : entryOfHeld(snapshot, held);
      describe(reply, entry, snapshot);
      if (matchesEtag(request.raw.headers['if-none-match'], entry.etag)) return reply.code(304).send();
      return reply.type(JSON_TYPE).send(includesNumber(request) ? withNumber(entry.body, snapshot) : entry.body);
    },
    sendJob(reply, code, snapshot) {
      if (!engine.mayBeHeldBack(snapshot.job)) return sendEntry(reply, code, snapshot, freshEntry(snapshot));
      return heldBackOrUnsaid(engine, snapshot).then((held) => {
        const entry = held === null ? freshEntry(snapshot) : entryOfHeld(snapshot, held);
        return sendEntry(reply, code, snapshot, entry);
      });
    },
    sendPlain(reply, { code, snapshot, headers = [], isRemembered }) {
      // A WeakMap that grows with every submit costs the garbage collector more than the body that it may save.
      const entry = isRemembered ? entryOf(snapshot, engine.clock.now()) : freshEntry(snapshot);
      const all = [...entry.headers, ...headers];
      if (!isFinal(snapshot.job.state)) all.push('retry-after', retryAfterOf(snapshot));
      if (isOwn) {
        reply.hijack();
        reply.raw.writeHead(code, all);
        reply.raw.end(entry.body);
        return undefined;
      }
      for (let at = 0; at < all.length; at += 2) reply.header(all[at] ?? '', all[at + 1]);
      return reply.code(code).send(entry.body);
    },
    selfOf: ({ job }) => `${base}/v1/jobs/${job.id}`,
  };
}

/** For the answer of a command. It is done: a read that fails now says less of the job, and does not turn it into an error that asks for a second try. */
async function heldBackOrUnsaid(engine: Engine, { job }: Snapshot): Promise<HeldBack | null> {
  const held = await engine.heldBack([job]).catch(() => null);
  return held?.get(job.id) ?? null;
}

/** Whether the query asks for the job's number. Its route has seen to it that only admins do. */
export function includesNumber(request: FastifyRequest): boolean {
  return (request.query as { readonly include?: string }).include === 'number';
}

function statusEntry(base: string, snapshot: Snapshot, shown: ShownState): StatusEntry {
  return entryWith(jobBody(base, snapshot, shown), etagOf(snapshot, shown));
}

function heldEntry(base: string, snapshot: Snapshot, held: HeldBack, shown: ShownState): StatusEntry {
  return entryWith(withHeldBack(jobBody(base, snapshot, shown), held), etagOf(snapshot, shown, held));
}

function entryWith(body: string, etag: string): StatusEntry {
  const length = String(Buffer.byteLength(body));
  const guards = ['cache-control', CACHE_CONTROL, 'x-content-type-options', 'nosniff'];
  const headers = ['content-type', JSON_TYPE, 'content-length', length, 'etag', etag, ...guards];
  return { body, etag, headers };
}

/** Runs a wait in a hold of the caller; 503 where the server holds as many requests as it may. */
export function holdOrRefuse<T>(
  face: Pick<Face, 'engine' | 'holds'>,
  request: FastifyRequest,
  reply: FastifyReply,
  wait: (signal: CallerSignal) => Promise<T>,
): Promise<T> {
  return holdFor(face, principalOf(request), reply, wait);
}
