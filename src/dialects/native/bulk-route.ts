/**
 * Changing many jobs in one call: counted with `dryRun`, else done by a job of type `bide.bulk`, which is answered like any other that is submitted.
 *
 * A filter that fits all jobs is a mistake more often than not, such as a field that was misspelled by who wrote the call: it has to be confirmed.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { BULK_ACTIONS, BULK_STATES, type BulkAction, fitsAll, type JobFilter } from '../../engine/api.ts';
import { CACHE_CONTROL, type Face } from './face.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { filterOf } from './job-filter.ts';
import { submitError } from './mapping.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import type { BulkActionBody } from './wire.ts';

const SUMMARY: Readonly<Record<BulkAction, string>> = {
  cancel: 'Cancel all jobs that fit a filter',
  retry: 'Run all failed, cancelled or expired jobs that fit a filter again',
  remove: 'Remove all finished jobs that fit a filter',
};

export function declareBulkRoutes(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  for (const action of BULK_ACTIONS) {
    app.post(
      `/v1/jobs/${action}`,
      {
        onRequest: guard('operate'),
        schema: {
          tags: ['jobs'],
          summary: SUMMARY[action],
          body: wire.bulkActionBody,
          response: { 202: wire.job, 200: wire.bulkEstimate },
        },
      },
      (request, reply) => changeMany(face, action, request, reply),
    );
  }
}

async function changeMany(
  face: Face,
  action: BulkAction,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { engine } = face;
  const by = principalOf(request);
  const { filter: words, dryRun = false, confirm } = request.body as BulkActionBody;
  const filter = filterOf(
    { ...words, state: some(words.state), type: some(words.type), tag: some(words.tag) },
    '/filter',
  );
  requireEffect(action, filter);
  if (dryRun) {
    const { count, isExact } = await engine.bulk.count({ tenant: by.tenant, action, filter });
    return reply.header('cache-control', CACHE_CONTROL).send({ count, exact: isExact });
  }
  if (fitsAll({ action, filter }) && confirm !== 'all') throw new BideError('CONFIRM_ALL');
  const idempotencyKey = idempotencyKeyOf(request, engine.limits.idempotencyKeyLengthMax);
  const outcome = await engine.bulk.submit({ tenant: by.tenant, action, filter, by, idempotencyKey });
  if (outcome.kind !== 'created' && outcome.kind !== 'existing') throw submitError(outcome, 'bide.bulk');
  reply.header('location', face.selfOf(outcome.snapshot));
  if (outcome.kind === 'existing') reply.header('idempotency-replayed', 'true');
  return face.sendJob(reply, 202, outcome.snapshot);
}

function some<T extends string>(words: T | readonly T[] | undefined): readonly T[] | undefined {
  return typeof words === 'string' ? [words] : words;
}

function requireEffect(action: BulkAction, { states }: JobFilter): void {
  if (states === undefined || states.some((state) => BULK_STATES[action].includes(state))) return;
  const message = `must be one of ${BULK_STATES[action].join(', ')}: there is nothing to ${action} in others`;
  throw invalid([{ path: '/filter/state', message }]);
}
