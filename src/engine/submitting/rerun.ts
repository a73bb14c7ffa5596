/** A submit with the mode `rerun` whose unique key is held by a job that has begun: made again, for one job after that one. */
import type { Job } from '../../core/job.ts';
import { isParked } from '../../core/signals.ts';
import { asksForRerun } from '../../core/unique.ts';
import type { InsertOutcome, NewJob } from '../../store/contract.ts';

/** What is to be stored in its place, under an id of its own; null where the outcome stands. */
export function rerunOf(job: NewJob, outcome: InsertOutcome, newId: (now: number) => string): NewJob | null {
  const { spec } = job;
  const unique = spec.terms?.unique;
  if (unique?.mode !== 'rerun') return null;
  const { after: _after, ...terms } = { ...spec.terms };
  const id = newId(spec.createdAt);
  // The holder has ended and was removed meanwhile: there is nothing to come after.
  if (outcome.kind === 'noParent') return { ...job, spec: { ...spec, id, terms } };
  if (outcome.kind !== 'held' || !asksForRerun(unique.mode, stageOf(outcome.job))) return null;
  const after = { ids: [outcome.job.id], policy: 'final' } as const;
  return { ...job, spec: { ...spec, id, terms: { ...terms, after } } };
}

function stageOf(holder: Job): { readonly state: Job['state']; readonly isParked: boolean } {
  return { state: holder.state, isParked: isParked(holder) };
}
