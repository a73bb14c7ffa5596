/** Requests that read predictions, or end them. */
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Snapshot } from '../../engine/api.ts';
import { hasScope } from '../credentials.ts';
import { jobNow } from '../job-done.ts';
import type { Bodies } from './bodies.ts';
import { type Answer, type Call, ok, param } from './call.ts';

export async function getPrediction(call: Call, bodies: Bodies): Promise<Answer> {
  const id = jobIdOf(param(call, 'id'));
  const lookup = id === null ? null : await jobNow(call, id);
  if (lookup?.kind !== 'found') throw notFound();
  return ok(await bodies.of(call, lookup.snapshot));
}

/** One that has ended stays as it is. */
export async function cancelPrediction(call: Call, bodies: Bodies): Promise<Answer> {
  const id = jobIdOf(param(call, 'id'));
  const outcome = id === null ? null : await call.context.engine.cancel(call.principal.tenant, id);
  const snapshot: Snapshot | null = outcome !== null && 'snapshot' in outcome ? outcome.snapshot : null;
  if (snapshot === null) throw notFound();
  return ok(await (hasScope(call.principal, 'read') ? bodies.of(call, snapshot) : bodies.bare(call, snapshot)));
}

/** A job of somebody else, one that is gone and one that never was are one answer. */
export function notFound(): BideError {
  return new BideError('JOB_NOT_FOUND', 'The requested resource could not be found.');
}
