/** Jobs that wait for no parents any more, made known to memory and to everybody who listens. */
import type { Job } from '../../core/job.ts';
import type { EngineBase } from '../engine-base.ts';

export function announceFreed(
  { snapshots, changes }: Pick<EngineBase, 'snapshots' | 'changes'>,
  freed: readonly Job[],
): void {
  for (const job of freed) {
    const snapshot = snapshots.put(job, null);
    changes.announce({ kind: 'changed', snapshot, job, before: 'waiting', cause: 'freed' });
  }
}
