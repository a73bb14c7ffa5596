/** Who is alive: the processes of the server, and the remote workers of the caller's tenant. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Engine, WorkerReport } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { principalOf } from './principal.ts';
import { isoTime, isoTimeOrNull } from './status.ts';

export function declareWorkersRoute(app: FastifyInstance, face: Face): void {
  app.get(
    '/v1/workers',
    {
      onRequest: face.guard('read'),
      schema: { tags: ['work'], summary: 'Who works, and on how much', response: { 200: face.wire.workers } },
    },
    (request, reply) => sendWorkers(face.engine, request, reply),
  );
}

async function sendWorkers(engine: Engine, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tenant, scopes } = principalOf(request);
  const isAdmin = scopes.has('admin');
  const workers = await engine.workers({ tenant, countsAll: isAdmin });
  return reply.header('cache-control', CACHE_CONTROL).send({ workers: workers.map((one) => workerBody(one, isAdmin)) });
}

function workerBody(worker: WorkerReport, isAdmin: boolean) {
  const { tenant, name, host, pid, version, types, slots, running, startedAt, seenAt } = worker;
  return {
    ...{ name, kind: tenant === null ? 'server' : 'remote' },
    ...{ host: isAdmin ? host : null, pid: isAdmin ? pid : null, version, types, slots, running },
    ...{ startedAt: isoTimeOrNull(startedAt), seenAt: isoTime(seenAt) },
  };
}
