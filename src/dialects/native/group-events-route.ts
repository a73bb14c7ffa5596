/**
 * The figures of a group as server-sent events: the current ones, then what they have become, until the group has ended.
 *
 * As the stream of a job, at its reader's pace. A group of many quick jobs changes hundreds of times a second: of that an event is sent every
 * `PACE_MS` at the most, always with the newest figures.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { CallerSignal, Engine, Group } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { KEEP_ALIVE, retryText, TO_BE_RESUMED } from '../event-fields.ts';
import { beatsUntil, untilThere } from '../event-waits.ts';
import { openStreams, STREAM_HEADERS } from '../open-streams.ts';
import { streamOf } from '../streamed-texts.ts';
import type { Face } from './face.ts';
import { groupBody } from './group-bodies.ts';
import { idOf } from './group-routes.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import type { GroupEventsQuery } from './wire.ts';

const PACE_MS = 100;
const REVISION = /^\d{1,15}$/;

const NOTHING_MORE = {
  type: 'null',
  description: 'The group has ended and Last-Event-ID is its last revision: do not come back.',
} as const;

export function declareGroupEventsRoute(app: FastifyInstance, face: Face): void {
  const streams = openStreams(app, face);
  app.get(
    '/v1/groups/:id/events',
    {
      onRequest: face.guard('read'),
      schema: {
        tags: ['groups'],
        summary: 'Follow a group: server-sent events with its figures, until it has ended',
        params: face.wire.groupParams,
        querystring: face.wire.groupEventsQuery,
        headers: face.wire.eventsHeaders,
        response: { 200: DESCRIBED, 204: NOTHING_MORE },
      },
    },
    async (request, reply) => {
      const known = knownOf(request);
      const group = await face.engine.groups.read(principalOf(request).tenant, idOf(request));
      const isKnown = known === group.revision;
      if (isKnown && group.finishedAt !== null)
        return reply.code(204).header('cache-control', STREAM_HEADERS['cache-control']).send();
      return streams.send(
        principalOf(request),
        reply,
        streamOf((signal) => textsOf(face, { group, isKnown }, signal)),
      );
    },
  );
}

const EXAMPLE =
  'retry: 2000\n\nid: 3\nevent: group\ndata: {"id":"…","state":"running","counts":{…},"revision":3,…}\n\n';
const DESCRIBED = {
  description:
    'Each is an event `group` whose id is the revision and whose data is the body of `GET /v1/groups/{id}`. The last one has `finishedAt`.',
  content: { 'text/event-stream': { schema: { type: 'string', example: EXAMPLE } } },
};

/** The revision that the client has. The header wins: an EventSource goes on sending the URL that it began with. */
function knownOf(request: FastifyRequest): number | null {
  const header = request.headers['last-event-id'];
  if (header === undefined) return (request.query as GroupEventsQuery).lastEventId ?? null;
  if (typeof header === 'string' && REVISION.test(header)) return Number(header);
  throw invalid([{ path: '/headers/last-event-id', message: 'must be a revision, a whole number' }]);
}

interface Beginning {
  readonly group: Group;
  readonly isKnown: boolean;
}

async function* textsOf(
  face: Face,
  { group: first, isKnown }: Beginning,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { engine, base } = face;
  const { clock, limits } = engine;
  const endsAt = clock.now() + limits.eventsMsMax;
  const text = (group: Group) => `id: ${group.revision}\nevent: group\ndata: ${groupBody(base, group)}\n\n`;
  let group = first;
  yield retryText(limits.eventsRetryMs);
  if (!isKnown) yield text(group);
  while (group.finishedAt === null) {
    const coming = nextOf(engine, group, endsAt, signal);
    yield* beatsUntil(coming, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
    const next = await coming;
    if (next === null) return yield TO_BE_RESUMED;
    // Removed: whoever comes back is told so.
    if (next.group === null) return;
    group = next.group;
    yield text(group);
  }
}

/** Null when the stream is to end before. */
function nextOf(
  engine: Pick<Engine, 'groups' | 'clock' | 'limits'>,
  { tenant, id, revision }: Group,
  endsAt: number,
  signal: AbortSignal,
): Promise<{ readonly group: Group | null } | null> {
  return untilThere<{ readonly group: Group | null }>(engine, endsAt, signal, async (timeoutMs) => {
    const until = { kind: 'change', since: revision } as const;
    try {
      await pause(engine.clock, Math.min(PACE_MS, timeoutMs), signal);
      const group = await engine.groups.wait({ tenant, id, until, timeoutMs, signal });
      return group.revision > revision ? { answer: { group } } : null;
    } catch (error) {
      if (error instanceof BideError && error.code === 'GROUP_NOT_FOUND') return { answer: { group: null } };
      throw error;
    }
  });
}

function pause(clock: Clock, ms: number, signal: CallerSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(cancel);
}
