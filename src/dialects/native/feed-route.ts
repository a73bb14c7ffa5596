/**
 * The feed over HTTP: by one cursor as a stream of server-sent events, or as JSON that may be held until there is something.
 *
 * A cursor is a position in the order of all tenants' changes, sealed for the tenant: no other list's opens here. What is wrong with a request, and a
 * store that is away, is said before a stream begins.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { CallerSignal, FeedPage, FeedRequest } from '../../engine/api.ts';
import { type OpenStreams, openStreams, STREAM_HEADERS } from '../open-streams.ts';
import { streamOf } from '../streamed-texts.ts';
import { CACHE_CONTROL, type Face, holdOrRefuse, JSON_TYPE } from './face.ts';
import { createFeedVoice, type FeedVoice, feedTexts } from './feed-texts.ts';
import { wantsType } from './log-text.ts';
import { tagsOf } from './mapping.ts';
import { principalOf } from './principal.ts';
import { requestWaitMs } from './wait-of.ts';
import type { FeedQuery } from './wire.ts';

const NEVER = new AbortController().signal;
const EXAMPLE =
  'retry: 2000\n\nid: AAAA…\nevent: change\ndata: {"kind":"job.running","at":"…","cursor":"AAAA…","job":{"id":"…",…}}\n\n';

interface Feeding {
  readonly face: Face;
  readonly voice: FeedVoice;
  readonly streams: OpenStreams;
}

export function declareFeedRoute(app: FastifyInstance, face: Face): void {
  const voice = createFeedVoice(face.base, face.places.seal);
  const feeding = { face, voice, streams: openStreams(app, face) };
  app.get(
    '/v1/events',
    {
      onRequest: face.guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'Follow all jobs: every change, in one order, from a cursor on',
        querystring: face.wire.feedQuery,
        headers: face.wire.feedHeaders,
        response: {
          200: {
            description: describedFor(face),
            content: {
              'application/json': { schema: face.wire.feed },
              'text/event-stream': { schema: { type: 'string', example: EXAMPLE } },
            },
          },
        },
      },
    },
    (request, reply) => sendFeed(feeding, request, reply),
  );
}

function describedFor({ engine: { limits } }: Face): string {
  return `Each change has its \`kind\` (the words of webhooks), when it was, and the job as it was then. As JSON, or as server-sent events with \
\`Accept: text/event-stream\`: an event \`change\` each, whose id is the cursor, and \`gap\` where changes are missing. Changes are written down while \
somebody reads, and for ${limits.eventsRetainMs / 60_000} minutes after: who comes back within that time misses none. Whose cursor is older stands at \
the newest change and is told so (\`gap\`).`;
}

async function sendFeed(feeding: Feeding, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { face, streams, voice } = feeding;
  const query = request.query as FeedQuery;
  const { tenant } = principalOf(request);
  const isStream = wantsType(request.raw.headers.accept, 'text/event-stream');
  reply.header('vary', 'accept');
  const timeoutMs = isStream ? 0 : requestWaitMs(request, reply, query, face.engine.limits.waitMsMax);
  const { type: types, state: states, tag } = query;
  const filter = { types, states, tags: tag === undefined ? undefined : tagsOf(tag) };
  const after = await placeOf(face, tenant, cursorOf(request, isStream));
  const asked: Omit<FeedRequest, 'signal'> = { tenant, filter, after, timeoutMs };
  const read = (signal: CallerSignal) => face.engine.feed.read({ ...asked, signal });
  const page = timeoutMs === 0 ? await read(NEVER) : await holdOrRefuse(face, request, reply, read);
  if (!isStream) return sendPage(feeding, reply, tenant, page);
  if (request.method === 'HEAD') return reply.headers(STREAM_HEADERS).send(Readable.from([]));
  const source = { engine: face.engine, voice, tenant, filter, first: page };
  return streams.send(
    principalOf(request),
    reply,
    streamOf((signal) => feedTexts(source, signal)),
  );
}

async function sendPage({ voice }: Feeding, reply: FastifyReply, tenant: string, page: FeedPage) {
  const texts = await Promise.all(page.events.map((event) => voice.changeOf(event)));
  const next = await voice.cursorOf(tenant, page.next);
  const body = `{"events":[${texts.map(({ body }) => body).join(',')}],"next":"${next}","gap":${page.isGap}}`;
  return reply.type(JSON_TYPE).header('cache-control', CACHE_CONTROL).send(body);
}

/** The header wins: an EventSource goes on sending the URL that it began with. */
function cursorOf(request: FastifyRequest, isStream: boolean): string | undefined {
  const header = request.raw.headers['last-event-id'];
  return isStream && typeof header === 'string' && header !== '' ? header : (request.query as FeedQuery).after;
}

async function placeOf({ places }: Face, tenant: string, cursor: string | undefined): Promise<FeedRequest['after']> {
  if (cursor === undefined) return 'now';
  if (cursor === 'oldest') return cursor;
  const position = await places.open(tenant, cursor);
  if (position === null) throw new BideError('INVALID_CURSOR', 'This is no cursor that GET /v1/events gave you.');
  return position;
}
