/**
 * How many jobs there are now, per type and state. From numbers that the stores keep with every change, not from the jobs: as cheap at a
 * million as at ten. That is why `waiting` is one number: whether a waiting job is scheduled or queued, time changes without a write.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { STORED_STATES, type StoredState } from '../../core/state.ts';
import type { Engine } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { principalOf } from './principal.ts';
import type { CountsQuery } from './wire.ts';

type StateCounts = Record<StoredState, number>;

export function declareCountsRoute(app: FastifyInstance, face: Face): void {
  app.get(
    '/v1/counts',
    {
      onRequest: face.guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'Count jobs per type and state',
        querystring: face.wire.countsQuery,
        response: { 200: face.wire.counts },
      },
    },
    (request, reply) => sendCounts(face.engine, request, reply),
  );
}

async function sendCounts(engine: Engine, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { type: types } = request.query as CountsQuery;
  const { tenant } = principalOf(request);
  const found = await engine.count({ tenant, ...(types === undefined ? {} : { types }) });
  const total = noJobs();
  const byType = new Map<string, StateCounts>();
  for (const { type, state, count } of found) {
    const counts = byType.get(type) ?? noJobs();
    counts[state] += count;
    total[state] += count;
    byType.set(type, counts);
  }
  const names = [...byType.keys()].sort();
  reply.header('cache-control', CACHE_CONTROL);
  return reply.send({ total, types: names.map((name) => ({ type: name, ...byType.get(name) })) });
}

function noJobs(): StateCounts {
  return Object.fromEntries(STORED_STATES.map((state) => [state, 0])) as StateCounts;
}
