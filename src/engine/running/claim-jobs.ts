/** Claims jobs of types that are not paused, and makes the claim known: to memory, and to everybody who listens for changes. */
import type { ClaimedJob, ClaimRequest } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import type { Pauses } from '../operating/pauses.ts';

export interface ClaimContext extends Pick<EngineBase, 'store' | 'snapshots' | 'changes'> {
  readonly pauses: Pick<Pauses, 'since'>;
}

export async function claimJobs(
  { store, snapshots, changes, pauses }: ClaimContext,
  request: ClaimRequest,
): Promise<readonly ClaimedJob[]> {
  const wants = request.wants.filter(({ type }) => pauses.since(type) === null);
  if (wants.length === 0) return [];
  let claimed: readonly ClaimedJob[];
  try {
    claimed = await store.claim({ ...request, wants });
  } catch (error) {
    // On which jobs it may have landed, nobody knows: memory is certain of none of them any more.
    doubtAfter(error, changes, snapshots.clear);
    throw error;
  }
  for (const { job } of claimed) {
    const snapshot = snapshots.follow(job, null);
    changes.announce({ kind: 'changed', snapshot, job, before: 'waiting', cause: 'claimed' });
  }
  return claimed;
}
