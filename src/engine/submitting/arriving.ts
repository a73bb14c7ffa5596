/**
 * New jobs on their way into the store, by whichever write.
 *
 * A job may be claimed, and even ended, before its submit hears that it is stored. Memory follows no job that it does not know, and the submit
 * would then announce the past, for which whoever runs the job drops the work: so memory is told which are on their way.
 */
import type { Job, JobSpec } from '../../core/job.ts';
import type { Snapshot } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { sent } from '../tracing/send-spans.ts';
import { type Coming, isForetold } from './coming.ts';

export interface ArrivingParts extends Pick<EngineBase, 'store' | 'snapshots' | 'changes'> {
  readonly coming: Coming;
}

/** @param write what stores them */
export function arriving<T>(
  { store, snapshots, coming }: ArrivingParts,
  specs: readonly JobSpec[],
  write: () => Promise<T>,
): Promise<T> {
  const arrived = snapshots.expect(specs.map(({ id }) => id));
  coming(specs.filter((spec) => isForetold(store.facts, spec)));
  const answer = write();
  // Once every submit of the batch has been told, which happens within the turn of the answer.
  const later = () => void setImmediate(arrived);
  answer.then(later, later);
  return answer;
}

/** In the turn of the store's answer. */
export function announceCreated({ store, snapshots, changes }: ArrivingParts, job: Job): Snapshot {
  // They were marked, if they had not ended: memory holds them as they were.
  for (const parent of job.terms?.after?.ids ?? []) snapshots.drop(parent);
  // Where others share the store memory answers nobody, and a first read of the store brings the job into it.
  const snapshot = store.facts.isShared ? snapshots.view(job, null) : snapshots.put(job, null);
  sent(job);
  changes.announce({ kind: 'changed', snapshot, job, before: null, cause: 'submitted' });
  return snapshot;
}
