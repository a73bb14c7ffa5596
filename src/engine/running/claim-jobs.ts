/** Claims jobs and makes the claim known: to memory, and to everybody who listens for changes. */
import type { ClaimedJob, ClaimRequest } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';

export async function claimJobs(
  { store, snapshots, changes }: Pick<EngineBase, 'store' | 'snapshots' | 'changes'>,
  request: ClaimRequest,
): Promise<readonly ClaimedJob[]> {
  let claimed: readonly ClaimedJob[];
  try {
    claimed = await store.claim(request);
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
