/** Tasks as they are told: found, read with what they brought, made once where nothing of them can change any more. */
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import { isFinal } from '../../core/state.ts';
import type { Engine, Lookup, Snapshot } from '../../engine/api.ts';
import { resultAtHand, resultOf } from '../result-of.ts';
import { emittedBy } from './emitted.ts';
import { type Artifact, artifactsOf, contentOf } from './parts.ts';
import { type TaskView, viewOf } from './spelling.ts';

/** A task of somebody else, one that is gone and one that never was are one answer. */
export function notFound(): BideError {
  return new BideError('JOB_NOT_FOUND', 'There is no such task.');
}

export function found(lookup: Lookup | null | undefined): Snapshot {
  if (lookup?.kind !== 'found') throw notFound();
  return lookup.snapshot;
}

export function taskIdOf(id: string): string {
  const known = jobIdOf(id);
  if (known === null) throw notFound();
  return known;
}

/** With its artifacts where it has ended: those of a task that works are told as they come, by a stream. */
export async function taskOf(engine: Engine, snapshot: Snapshot): Promise<TaskView> {
  const { job } = snapshot;
  const now = engine.clock.now();
  if (!isFinal(job.state)) return viewOf(job, now, null);
  const result = await resultOf(engine, snapshot);
  const chunks = contentOf(result) === null && job.fence > 0 ? await emittedBy(engine, job) : [];
  return viewOf(job, now, artifactsOf(job, result, chunks));
}

/** The same without a look into the store; undefined where it takes one. */
export function taskAtHand(engine: Engine, snapshot: Snapshot): TaskView | undefined {
  const { job } = snapshot;
  const artifacts = artifactsAtHand(snapshot);
  return artifacts === undefined ? undefined : viewOf(job, engine.clock.now(), artifacts);
}

function artifactsAtHand(snapshot: Snapshot): readonly Artifact[] | null | undefined {
  const { job } = snapshot;
  if (!isFinal(job.state)) return null;
  const result = resultAtHand(snapshot);
  if (result === undefined || (contentOf(result) === null && job.fence > 0)) return undefined;
  return artifactsOf(job, result, []);
}
