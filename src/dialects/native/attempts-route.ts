/** The attempts of a job, the latest included: who made each, from when to when, and how it ended. Out of the job alone, whether it is waiting or long over. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type Attempt, attemptsOf } from '../../core/attempts.ts';
import { ATTEMPT_HISTORY_MAX } from '../../core/decide.ts';
import { STORED_STATES } from '../../core/state.ts';
import { CACHE_CONTROL, type Face, JSON_TYPE } from './face.ts';
import { requireFound, requireJobId } from './mapping.ts';
import { principalOf } from './principal.ts';
import { isoTime, isoTimeOrNull } from './status.ts';
import { nullable, oneOf, time } from './wire-parts.ts';

const OUTCOMES = STORED_STATES.filter((state) => state !== 'waiting');

const SCHEMA = Type.Object(
  {
    attempts: Type.Array(
      Type.Object(
        {
          number: Type.Integer({ description: 'From 1 on; a retry by hand begins anew.' }),
          fence: Type.Integer({ description: 'Grows with every attempt; also says whose output a chunk is.' }),
          worker: nullable(Type.String({ description: 'The process, or the remote worker by its name.' })),
          startedAt: time('When it began.'),
          endedAt: nullable(time('Null while it runs.')),
          outcome: oneOf(OUTCOMES, 'How it ended.'),
          error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
        },
        { title: 'Attempt' },
      ),
      {
        description: `In their order: the latest, and the ${ATTEMPT_HISTORY_MAX} before it. One that was given back is none.`,
      },
    ),
  },
  { title: 'Attempts' },
);

export function declareAttemptsRoute(app: FastifyInstance, face: Face): void {
  app.get(
    '/v1/jobs/:id/attempts',
    {
      onRequest: face.guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'List the attempts of a job',
        params: face.wire.idParams,
        response: { 200: SCHEMA },
      },
    },
    (request, reply) => sendAttempts(face, request, reply),
  );
}

async function sendAttempts({ engine }: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tenant } = principalOf(request);
  const id = requireJobId((request.params as { id: string }).id);
  const { job } = requireFound((await engine.read(tenant, [id]))[0]);
  const attempts = attemptsOf(job).map(attemptBody);
  return reply.type(JSON_TYPE).header('cache-control', CACHE_CONTROL).send(JSON.stringify({ attempts }));
}

export function attemptBody({ number, fence, worker, startedAt, endedAt, outcome, error }: Attempt) {
  const times = { startedAt: isoTime(startedAt), endedAt: isoTimeOrNull(endedAt) };
  return { number, fence, worker, ...times, outcome, error };
}
