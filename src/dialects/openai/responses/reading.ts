/** Requests that read responses, end them, or remove them. */
import type { FastifyReply } from 'fastify';
import { BideError } from '../../../core/errors.ts';
import { isFinal } from '../../../core/state.ts';
import type { Snapshot } from '../../../engine/api.ts';
import { hasScope } from '../../credentials.ts';
import { jobDone, jobNow } from '../../job-done.ts';
import { type Answer, type Call, ok, param } from '../call.ts';
import type { Bodies } from './bodies.ts';
import { jobOfResponse, responseId } from './ids.ts';
import type { Desk } from './starting.ts';
import { streamStart } from './streaming.ts';
import { heldBefore, heldResponse } from './waiting.ts';

/** How long a cancel waits for the handler to stop, so that its answer says `cancelled`. */
const STOP_MS = 5_000;

export async function getResponse(call: Call, { bodies, sendStream }: Desk): Promise<Answer | FastifyReply> {
  const start = streamStart(call);
  const snapshot = await requireResponse(call);
  if (start !== null) return sendStream(call, snapshot, start);
  const held = heldBefore(call, snapshot);
  return held === null ? ok(await bodies.of(snapshot)) : heldResponse(call, bodies, snapshot, held);
}

/** One that has ended stays as it is, and is the answer, as at the vendor. */
export async function cancelResponse(call: Call, bodies: Bodies): Promise<Answer> {
  const snapshot = await cancelled(call, requireId(call));
  return ok(hasScope(call.principal, 'read') ? await bodies.of(snapshot) : bodies.bare(snapshot));
}

/** One that is under way is cancelled first. */
export async function deleteResponse(call: Call): Promise<Answer> {
  const { engine } = call.context;
  const id = requireId(call);
  const { job } = await cancelled(call, id);
  if (!isFinal(job.state)) {
    const message = 'The response is being cancelled: delete it again once it is.';
    throw new BideError('WRONG_STATE', message);
  }
  const outcome = await engine.remove(call.principal.tenant, id);
  if (outcome.kind === 'missing' || outcome.kind === 'gone') throw notFound(call);
  return ok(JSON.stringify({ id: responseId(id), object: 'response', deleted: true }));
}

async function cancelled(call: Call, id: string): Promise<Snapshot> {
  const outcome = await call.context.engine.cancel(call.principal.tenant, id);
  if (!('snapshot' in outcome)) throw notFound(call);
  if (isFinal(outcome.snapshot.job.state)) return outcome.snapshot;
  const lookup = await jobDone(call, id, Math.min(STOP_MS, call.context.engine.limits.waitMsMax));
  return lookup.kind === 'found' ? lookup.snapshot : outcome.snapshot;
}

export async function requireResponse(call: Call): Promise<Snapshot> {
  const lookup = await jobNow(call, requireId(call));
  if (lookup.kind !== 'found') throw notFound(call);
  return lookup.snapshot;
}

function requireId(call: Call): string {
  const id = jobOfResponse(param(call, 'id'));
  if (id === null) throw notFound(call);
  return id;
}

/** A job of somebody else, one that is gone and one that never was are one answer. */
function notFound(call: Call): BideError {
  const id = param(call, 'id').slice(0, 100);
  return new BideError('JOB_NOT_FOUND', `Response with id ${JSON.stringify(id)} not found.`);
}
