/**
 * What happened to jobs, minute by minute: out of rows that are kept (`statsRetainMs`), so a restart or another node answers the same but for the
 * minute under way, which other nodes do not know yet.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Engine } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import { isoTime } from './status.ts';
import type { StatsQuery } from './wire.ts';
import { figuresBody, POINTS_MAX, STEPS } from './wire-types.ts';

const POINTS_USUAL = 360;
const MINUTES_USUAL = 60;

export function declareStatsRoute(app: FastifyInstance, face: Face): void {
  app.get(
    '/v1/stats',
    {
      onRequest: face.guard('read'),
      schema: {
        tags: ['types'],
        summary: 'What happened to jobs, by the minute',
        querystring: face.wire.statsQuery,
        response: { 200: face.wire.stats },
      },
    },
    (request, reply) => sendStats(face.engine, request, reply),
  );
}

async function sendStats(engine: Engine, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { minutes = MINUTES_USUAL, type, step = usualStep(minutes) } = request.query as StatsQuery;
  if (minutes / step > POINTS_MAX) {
    const message = `must be larger: ${minutes} minutes in steps of ${step} are more than ${POINTS_MAX} points`;
    throw invalid([{ path: '/step', message }]);
  }
  const points = await engine.readStats({ tenant: principalOf(request).tenant, type, minutes, step });
  const bodies = points.map(({ at, figures }) => ({
    at: isoTime(at),
    ...figuresBody(figures),
    waiting: figures.waiting,
  }));
  return reply.header('cache-control', CACHE_CONTROL).send({ stepMinutes: step, points: bodies });
}

function usualStep(minutes: number): number {
  return STEPS.find((step) => minutes / step <= POINTS_USUAL) ?? 60;
}
