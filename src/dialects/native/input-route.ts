/** The input as it is stored: the JSON that was submitted, with what the schema of its type filled in. It never changes. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CACHE_CONTROL, type Face, JSON_TYPE } from './face.ts';
import { notThere, requireFound, requireJobId } from './mapping.ts';
import { principalOf } from './principal.ts';

export function declareInputRoute(app: FastifyInstance, face: Face): void {
  app.get(
    '/v1/jobs/:id/input',
    {
      onRequest: face.guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'Fetch the input of a job',
        params: face.wire.idParams,
        response: { 200: { content: { 'application/json': { schema: {} } }, description: 'The input.' } },
      },
    },
    (request, reply) => sendInput(face, request, reply),
  );
}

async function sendInput({ engine }: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tenant } = principalOf(request);
  const id = requireJobId((request.params as { id: string }).id);
  requireFound((await engine.read(tenant, [id]))[0]);
  const input = await engine.readInput(tenant, id);
  if (input !== null) return reply.type(JSON_TYPE).header('cache-control', CACHE_CONTROL).send(input);
  // Removed between the two looks.
  throw notThere({ kind: 'gone', goneAt: engine.clock.now() });
}
