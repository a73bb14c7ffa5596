/**
 * Word of new jobs, before they are stored.
 *
 * A store that is ours alone carries out calls in the order in which they are made, and those of one turn in one transaction. So whoever
 * wants these jobs is told right before their insert is called, and claims them right behind it: one sync of the disk instead of two
 * before the handler starts. Where others share the store, calls overtake one another, and nobody is told.
 */
import type { JobSpec } from '../../core/job.ts';
import type { StoreFacts } from '../../store/contract.ts';
import type { Change } from '../changes.ts';

export type Coming = (specs: readonly JobSpec[]) => void;

/** Whether word of a job goes ahead of it. Of one that is due later nobody needs to know so soon. */
export function isForetold({ isShared }: StoreFacts, { runAt, createdAt, terms }: JobSpec): boolean {
  return !isShared && runAt <= createdAt && !terms?.after;
}

/** Whether a change tells no more than what went ahead of it: whatever was claimed since then has seen the job. */
export function wasForetold(facts: StoreFacts, { cause, job }: Change): boolean {
  return cause === 'submitted' && isForetold(facts, job);
}
