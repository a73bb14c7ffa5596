/**
 * What a job says: its lines by offset, and held until there are more.
 *
 * An offset past the end is empty and no error: a reader who is early waits. `next` is what to ask with the next time, whether lines came or not.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallerSignal, LogPage, LogRequest, Stream } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face, holdOrRefuse, JSON_TYPE } from './face.ts';
import { logLineBody, plainLogLine, wantsText } from './log-text.ts';
import { notThere, requireJobId } from './mapping.ts';
import { principalOf } from './principal.ts';
import { requestWaitMs } from './wait-of.ts';
import type { LogsQuery } from './wire.ts';

const NEVER = new AbortController().signal;
export const NEXT_HEADER = 'bide-next';

export function declareLogsRoute(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  const example = '2026-01-31T12:00:00.000Z WARN  [1] page 3 has no title {"page":3}\n';
  app.get(
    '/v1/jobs/:id/logs',
    {
      onRequest: guard('read', 'job'),
      schema: {
        tags: ['jobs'],
        summary: 'Read what a job has said, or wait for more of it',
        params: wire.idParams,
        querystring: wire.logsQuery,
        response: {
          200: {
            description: `As JSON, or as text with \`Accept: text/plain\`; then \`next\` is in the header ${NEXT_HEADER}.`,
            content: {
              'application/json': { schema: wire.logs },
              'text/plain': { schema: { type: 'string', example } },
            },
          },
        },
      },
    },
    (request, reply) => sendLogs(face, request, reply),
  );
}

async function sendLogs(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { lines, next, isDone } = await readLines(face, request, reply, 'log');
  reply.header('cache-control', CACHE_CONTROL).header('x-content-type-options', 'nosniff').header('vary', 'accept');
  if (wantsText(request.raw.headers.accept)) {
    reply.header(NEXT_HEADER, String(next)).type('text/plain; charset=utf-8');
    return reply.send(lines.map(plainLogLine).join(''));
  }
  return reply.type(JSON_TYPE).send(`{"lines":[${lines.map(logLineBody).join(',')}],"next":${next},"done":${isDone}}`);
}

/** The page that a request asks for, held where it says so. */
export async function readLines(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  stream: Stream,
): Promise<LogPage> {
  const { engine } = face;
  const query = request.query as LogsQuery;
  const timeoutMs = requestWaitMs(request, reply, query, engine.limits.waitMsMax);
  const asked: Omit<LogRequest, 'signal'> = {
    tenant: principalOf(request).tenant,
    id: requireJobId((request.params as { id: string }).id),
    stream,
    after: query.after ?? 0,
    attempt: query.attempt,
    levelMin: query.level,
    limit: query.limit ?? engine.limits.logPageMax,
    timeoutMs,
  };
  const read = (signal: CallerSignal) => engine.readLogs({ ...asked, signal });
  const outcome = timeoutMs === 0 ? await read(NEVER) : await holdOrRefuse(face, request, reply, read);
  if (outcome.kind !== 'found') throw notThere(outcome);
  return outcome;
}
