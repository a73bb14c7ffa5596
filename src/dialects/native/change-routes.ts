/** Submitting a job once more, and changing one that waits. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { isFinal, shownState } from '../../core/state.ts';
import type { SubmitRequest } from '../../engine/api.ts';
import type { Face } from './face.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import {
  notThere,
  requireDone,
  requireFound,
  requireJobId,
  requireTime,
  submitError,
  submitRequestOf,
} from './mapping.ts';
import { principalOf, priorityError } from './principal.ts';
import { invalid } from './problem.ts';
import { revisionOfEtag } from './status.ts';
import type { AmendBody, ResubmitBody } from './wire.ts';

export function declareChangeRoutes(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  app.post(
    '/v1/jobs/:id/resubmit',
    {
      onRequest: guard('submit'),
      // As it was needs no body.
      preValidation: (request, _reply, done) => {
        request.body ??= {};
        done();
      },
      schema: {
        tags: ['jobs'],
        summary: 'Submit a job once more, as it was or with changes',
        params: wire.idParams,
        body: wire.resubmit,
        response: { 202: wire.job, 200: wire.job },
      },
    },
    (request, reply) => resubmit(face, request, reply),
  );
  app.patch(
    '/v1/jobs/:id',
    {
      onRequest: guard('submit'),
      schema: {
        tags: ['jobs'],
        summary: 'Change a job that waits',
        params: wire.idParams,
        headers: wire.amendHeaders,
        body: wire.amend,
        response: { 200: wire.job },
      },
    },
    (request, reply) => amend(face, request, reply),
  );
}

async function resubmit(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const by = principalOf(request);
  const id = idOf(request);
  const body = (request.body ?? {}) as ResubmitBody;
  const { job } = requireFound((await engine.read(by.tenant, [id]))[0]);
  const forbidden = priorityError(by, body.priority ?? job.priority);
  if (forbidden !== null) throw forbidden;
  const idempotencyKey = idempotencyKeyOf(request, engine.limits.idempotencyKeyLengthMax);
  const outcome = await engine.resubmit({ tenant: by.tenant, id, changes: changesOf(body, idempotencyKey) });
  if (outcome.kind === 'missing' || outcome.kind === 'gone') throw notThere(outcome);
  if (outcome.kind !== 'created' && outcome.kind !== 'existing') throw submitError(outcome, job.type);
  const { snapshot } = outcome;
  reply.header('location', face.selfOf(snapshot));
  if (outcome.kind === 'existing') reply.header('idempotency-replayed', 'true');
  return face.sendJob(reply, isFinal(snapshot.job.state) ? 200 : 202, snapshot);
}

/** Only what the body has: all else is as it was. */
function changesOf(body: ResubmitBody, idempotencyKey: string | undefined): Partial<SubmitRequest> {
  const { tenant: _tenant, type: _type, ...changes } = submitRequestOf('', { ...body, type: '' }, idempotencyKey);
  const given = Object.entries(changes).filter(([name, value]) => value != null || Object.hasOwn(body, name));
  return Object.fromEntries(given);
}

async function amend(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const by = principalOf(request);
  const { priority, runAt, tags, deadlineAt } = request.body as AmendBody;
  const forbidden = priorityError(by, priority);
  if (forbidden !== null) throw forbidden;
  const outcome = await engine.amend({
    tenant: by.tenant,
    id: idOf(request),
    revision: expectedRevision(request),
    priority,
    tags: tags as Readonly<Record<string, string>> | undefined,
    runAt: runAt == null ? runAt : requireTime(runAt, '/runAt'),
    deadlineAt: deadlineAt == null ? deadlineAt : requireTime(deadlineAt, '/deadlineAt'),
  });
  if (outcome.kind === 'invalidRequest') throw invalid(outcome.issues);
  if (outcome.kind === 'changed') {
    const { revision } = outcome.snapshot.job;
    const state = shownState(outcome.snapshot.job, engine.clock.now());
    throw new BideError('REVISION_OLD', `The job is at revision ${revision}, and ${state}.`, { revision, state });
  }
  if (outcome.kind === 'parked') throw new BideError('JOB_PARKED', undefined, { signal: outcome.signal });
  return face.sendJob(reply, 200, requireDone(outcome, 'changed', engine.clock.now()));
}

/** By If-Match: the ETag of the status that the caller saw. `*` is any. */
function expectedRevision(request: FastifyRequest): number | undefined {
  const etag = request.raw.headers['if-match'];
  if (etag === undefined || etag.trim() === '*') return undefined;
  const revision = revisionOfEtag(etag);
  if (revision !== null) return revision;
  throw invalid([{ path: '/headers/if-match', message: 'must be the ETag of the job, such as "3"' }]);
}

function idOf(request: FastifyRequest): string {
  return requireJobId((request.params as { id: string }).id);
}
