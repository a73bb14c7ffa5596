/** Removes final jobs, by hand or when their retention is over, and leaves a tombstone for `limits.tombstoneMs`. */
import type { Job } from '../../core/job.ts';
import type { Removal, RemoveOutcome } from '../../store/contract.ts';
import { createBatcher } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';

/**
 * Of those whose retention is over: what callers submit meanwhile goes between two portions. A removal is seven statements in as many
 * places of the file; a second's worth in one transaction (300 under load) held the one writer of SQLite up for 15 ms, once a second, and
 * that alone was the slowest hundredth of all submits.
 */
const REMOVED_AT_ONCE = 50;

export interface Removals {
  /** `stale`: it is not at this revision any more. */
  remove(job: Job): Promise<RemoveOutcome>;
  /** The number of jobs removed. */
  removeAll(jobs: readonly Job[]): Promise<number>;
}

export function createRemovals(options: EngineBase): Removals {
  const { store, snapshots, changes, clock, limits } = options;
  const removals = createBatcher<Removal, RemoveOutcome>({
    ...options,
    name: 'remove',
    send: (batch) => store.remove(batch),
  });

  const remove = async ({ id, tenant, revision }: Job): Promise<RemoveOutcome> => {
    const now = clock.now();
    const removal = { id, revision, now, goneUntil: now + limits.tombstoneMs };
    const outcome = await removals.add(removal).catch((error: unknown) => {
      doubtAfter(error, changes, () => snapshots.drop(id));
      throw error;
    });
    snapshots.drop(id);
    if (outcome === 'stale') return outcome;
    changes.announce({ kind: 'removed', id, tenant, goneAt: now });
    return outcome;
  };

  return {
    remove,
    async removeAll(jobs) {
      let removed = 0;
      for (let from = 0; from < jobs.length; from += REMOVED_AT_ONCE) {
        const outcomes = await Promise.all(jobs.slice(from, from + REMOVED_AT_ONCE).map(remove));
        removed += outcomes.filter((outcome) => outcome === 'removed').length;
      }
      return removed;
    },
  };
}
