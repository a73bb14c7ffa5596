/**
 * What is sent again when the connection dies before the answer, and why that is safe.
 *
 * A lost answer says nothing: the server may have committed, rolled back, or be about to run the statement still. So:
 *
 * 1. Reads, heartbeats and settlements have the same effect when they run twice.
 * 2. Inserts go by job id: the unique index waits for a first try that is still running. When the repeat then finds the
 *    ids taken, the first try has stored the whole batch, and each job counts as created, with the number that it has.
 * 3. Guarded patches: whichever of the two tries comes first moves the revision (or the state, or the fence) on, so the guard
 *    of the other fails. When the repeat is stale and the row looks exactly as the patch leaves it, the first try did it,
 *    and it counts as applied; see `isDoneAlready` in `apply-patches.ts`.
 * 4. A claim is not repeated but given back: jobs that run for this worker since this very moment, and were handed to
 *    nobody, are released (fenced, like any release), and then a new claim is made. See `claim-jobs.ts`.
 * 5. Removals: a job that is missing the second time, with a tombstone of this very removal, was removed by the first.
 *
 * Deadlocks, serialization failures and statements pulled from under us by a migration did nothing at all, and are simply
 * repeated. All repeats together are bounded; a call ends with STORE_UNAVAILABLE then.
 */
import { ConnectionLost, isTransient } from './driver-errors.ts';

/**
 * Beside those that find a connection dead which was open before the call: after a failover or a restart that is each of this process, and
 * however many they are, the database may be there. A server that restarts costs one; one more for a second one that was just as unlucky, and one for a deadlock. */
const REPEATS_MAX = 3;

/**
 * @param run told whether an earlier try may have reached the server
 * @throws what the last try threw
 */
export async function repeated<T>(run: (isRepeat: boolean) => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  let isRepeat = false;
  let repeats = 0;
  for (;;) {
    try {
      return await run(isRepeat);
    } catch (error) {
      const mayRepeat = isTransient(error) || (error instanceof ConnectionLost && error.wasSent);
      const wasDeadBefore = error instanceof ConnectionLost && error.openedAt < startedAt;
      if (!wasDeadBefore) repeats += 1;
      if (!mayRepeat || repeats > REPEATS_MAX) throw error;
      if (error instanceof ConnectionLost) isRepeat = true;
    }
  }
}
