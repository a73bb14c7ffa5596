/**
 * What a job has emitted: parts of its result by offset, and held until there are more.
 *
 * The rule of offsets is that of logs. Each run of a job emits anew: where the fence grows, what came before is another run's.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CACHE_CONTROL, type Face, JSON_TYPE } from './face.ts';
import { wantsText } from './log-text.ts';
import { NEXT_HEADER, readLines } from './logs-route.ts';
import { chunkBody, newestRun, plainChunk } from './output-text.ts';

const FENCE_HEADER = 'bide-fence';

export function declareOutputRoute(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  app.get(
    '/v1/jobs/:id/output',
    {
      onRequest: guard('read', 'job'),
      schema: {
        tags: ['jobs'],
        summary: 'Read what a job has emitted so far, or wait for more of it',
        params: wire.idParams,
        querystring: wire.outputQuery,
        response: {
          200: {
            description: `As JSON, or with \`Accept: text/plain\` strings as they are and other values as lines of JSON, of the newest run alone; then \`next\` is in the header ${NEXT_HEADER}, and that run's fence in ${FENCE_HEADER}.`,
            content: {
              'application/json': { schema: wire.output },
              'text/plain': { schema: { type: 'string', example: 'Once upon a ' } },
            },
          },
        },
      },
    },
    (request, reply) => sendOutput(face, request, reply),
  );
}

async function sendOutput(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { lines, next, isDone } = await readLines(face, request, reply, 'output');
  reply.header('cache-control', CACHE_CONTROL).header('x-content-type-options', 'nosniff').header('vary', 'accept');
  if (!wantsText(request.raw.headers.accept)) {
    const chunks = lines.map(chunkBody).join(',');
    return reply.type(JSON_TYPE).send(`{"chunks":[${chunks}],"next":${next},"done":${isDone}}`);
  }
  const newest = newestRun(lines);
  const [first] = newest;
  if (first !== undefined) reply.header(FENCE_HEADER, String(first.fence));
  reply.header(NEXT_HEADER, String(next)).type('text/plain; charset=utf-8');
  return reply.send(newest.map(plainChunk).join(''));
}
