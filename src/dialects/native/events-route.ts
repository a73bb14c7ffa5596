/**
 * A job as server-sent events: what a plain `EventSource`, or `curl -N`, follows it with.
 *
 * A stream is a hold that is answered in parts: it counts among `holdsMax`, ends when the client goes away, and goes on while the
 * server drains. What is wrong with a request is said before the stream starts, as for a status. The revision is the id of each event, so
 * `Last-Event-ID` resumes at any server that has the job; 204 tells an `EventSource` that there is nothing to resume.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { retryText } from '../event-fields.ts';
import { type OpenStreams, openStreams, STREAM_HEADERS } from '../open-streams.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import type { Places } from './event-source.ts';
import { createEventStream } from './event-stream.ts';
import { eventText } from './event-text.ts';
import type { Face } from './face.ts';
import { requireFound, requireJobId } from './mapping.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import type { EventsQuery } from './wire.ts';

/** A revision, and where they were asked for the offsets in log and output. */
const EVENT_ID = /^(\d{1,15})(?:-(\d{1,15}))?(?:-(\d{1,15}))?$/;

const EXAMPLE =
  'retry: 2000\n\nid: 3\nevent: job\ndata: {"id":"…","state":"running",…,"revision":3,…}\n\n: keep-alive\n\n';

export function declareEventsRoute(app: FastifyInstance, face: Face): void {
  const streams = openStreams(app, face);
  const eventOf = keptPerSnapshot((snapshot) => Buffer.from(eventText(snapshot.job.revision, face.bodyOf(snapshot))));
  app.get(
    '/v1/jobs/:id/events',
    {
      onRequest: face.guard('read', 'job'),
      schema: {
        tags: ['jobs'],
        summary: 'Follow a job: a server-sent event per revision, until it is final',
        params: face.wire.idParams,
        querystring: face.wire.eventsQuery,
        headers: face.wire.eventsHeaders,
        response: { 200: described(face), 204: NOTHING_MORE },
      },
    },
    async (request, reply) => {
      const { tenant } = principalOf(request);
      const id = requireJobId((request.params as { id: string }).id);
      const known = knownOf(request);
      const snapshot = face.engine.peek(tenant, id) ?? requireFound((await face.engine.read(tenant, [id]))[0]);
      return answer(
        face,
        { streams, eventOf },
        {
          request,
          reply,
          snapshot,
          isKnown: known.revision === snapshot.job.revision,
          after: known.after,
        },
      );
    },
  );
}

function described({ engine: { limits } }: Face) {
  const [quiet, life] = [limits.eventsKeepAliveMs, limits.eventsMsMax].map((ms) => `${ms / 1_000} s`);
  const description = `The current snapshot, then one after each change; a client that reads slowly misses some in between, never the last. \
Each is an event \`job\` whose id is the revision and whose data is the body of \`GET /v1/jobs/{id}\`. The stream ends with the final snapshot. A \
comment comes after ${quiet} without news. After ${life} the stream ends to be resumed. \
With \`logs=true\` what the job says comes as well: an event \`log\` per line, whose data is a line of \`GET /v1/jobs/{id}/logs\`; ids are then \`revision-offset\`. \
With \`output=true\` so does what it emits: an event \`output\` per chunk of \`GET /v1/jobs/{id}/output\`; ids are then \`revision-offset-offset\`.`;
  return { description, content: { 'text/event-stream': { schema: { type: 'string', example: EXAMPLE } } } };
}

const NOTHING_MORE = {
  type: 'null',
  description: 'The job is final and Last-Event-ID is its last revision: do not come back.',
} as const;

interface Known {
  /** Null where the client has none. */
  readonly revision: number | null;
  /** Where it is in what it asks for; null where it wants the job alone. */
  readonly after: Places | null;
}

/** What the client has. The header wins: an EventSource goes on sending the URL that it began with. */
function knownOf(request: FastifyRequest): Known {
  const header = request.raw.headers['last-event-id'];
  const query = request.query as EventsQuery;
  const { lastEventId = null, logsAfter = 0, outputAfter = 0 } = query;
  const after = (log: number, output: number): Places | null => {
    const [hasLog, hasOutput] = [query.logs === 'true', query.output === 'true'];
    return hasLog || hasOutput ? { ...(hasLog ? { log } : {}), ...(hasOutput ? { output } : {}) } : null;
  };
  if (header === undefined) return { revision: lastEventId, after: after(logsAfter, outputAfter) };
  const [, revision, log = logsAfter, output = outputAfter] =
    (typeof header === 'string' ? EVENT_ID.exec(header) : null) ?? [];
  if (revision !== undefined) return { revision: Number(revision), after: after(Number(log), Number(output)) };
  throw invalid([{ path: '/headers/last-event-id', message: 'must be a revision, a whole number' }]);
}

interface Streaming {
  readonly streams: OpenStreams;
  readonly eventOf: (snapshot: Snapshot, now: number) => Uint8Array;
}

interface Following {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly snapshot: Snapshot;
  /** Whether the client has this snapshot. One that claims to have a later one has something else. */
  readonly isKnown: boolean;
  /** The places from which on what the job says is sent; null for who did not ask for it. */
  readonly after: Places | null;
}

function answer(face: Face, { streams, eventOf }: Streaming, following: Following): FastifyReply {
  const { request, reply, snapshot, isKnown, after } = following;
  const { job } = snapshot;
  if (isKnown && isFinal(job.state))
    return reply.code(204).header('cache-control', STREAM_HEADERS['cache-control']).send();
  // As a stream, since how long the answer to a GET would become is not known.
  if (request.method === 'HEAD') return reply.headers(STREAM_HEADERS).send(Readable.from([]));
  if (isFinal(job.state) && after === null) {
    const { eventsRetryMs } = face.engine.limits;
    return reply
      .headers(STREAM_HEADERS)
      .send(retryText(eventsRetryMs) + eventText(job.revision, face.bodyOf(snapshot)));
  }
  const { engine } = face;
  const stream = createEventStream({
    engine,
    snapshot,
    isKnown,
    eventOf: (one) => eventOf(one, engine.clock.now()),
    ...(after === null ? {} : { after, eventWith: eventWith(face) }),
  });
  return streams.send(principalOf(request), reply, stream);
}

function eventWith(face: Face) {
  return (snapshot: Snapshot, places: Places) => eventText(snapshot.job.revision, face.bodyOf(snapshot), places);
}
