/** Telling a job something: the other half of what it waits for. */
import type { FastifyInstance } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Face } from './face.ts';
import { requireDone, requireJobId } from './mapping.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import type { SignalBody, SignalParams } from './wire.ts';

export function declareSignalRoute(app: FastifyInstance, face: Face): void {
  const { wire, guard, engine } = face;
  app.post(
    '/v1/jobs/:id/signals/:name',
    {
      onRequest: guard('submit'),
      schema: {
        tags: ['jobs'],
        summary: 'Send a job a signal, such as an approval',
        params: wire.signalParams,
        body: wire.signalBody,
        response: { 200: wire.job },
      },
    },
    async (request, reply) => {
      const { id: text, name } = request.params as SignalParams;
      const { value } = request.body as SignalBody;
      const id = requireJobId(text);
      const { tenant } = principalOf(request);
      const outcome = await engine.signal({ tenant, id, name, value: (value ?? null) as Json });
      if (outcome.kind === 'invalidRequest') throw invalid(outcome.issues);
      if (outcome.kind === 'full') {
        const { signalsPerJobMax: value } = engine.limits;
        throw new BideError('SIGNALS_FULL', undefined, { limit: 'signalsPerJobMax', value });
      }
      return face.sendJob(reply, 200, requireDone(outcome, 'signalled', engine.clock.now()));
    },
  );
}
