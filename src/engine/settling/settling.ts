/**
 * Tells those who wait for the ends of jobs, until each of them has done what follows: `contract-ended.ts`.
 *
 * Ends of this process are told at once. What another one left behind when it died, and what a restore brought, is found by looking every few
 * seconds. Two processes may tell of the same end: whatever a taker does with it comes to the same when it is done twice.
 */
import { isFinal } from '../../core/state.ts';
import type { EndedJob } from '../../store/contract.ts';
import type { Change } from '../changes.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';

/** Resolves when all that follows from these ends has been written. Told of an end again, it does no harm. */
export type TakeEnded = (ended: readonly EndedJob[]) => Promise<void>;

/** Ends told at once: what follows from each may be many writes. */
const BATCH = 200;
const LOOK_MS = 5_000;

export function createSettling(options: EngineBase & { readonly takers: readonly TakeEnded[] }): Loop {
  const { store, changes, random, takers } = options;

  async function turn(): Promise<number> {
    const ended = await store.endedRead({ limit: BATCH });
    if (ended.length > 0) {
      for (const take of takers) await take(ended);
      await store.endedDrop(ended);
    }
    if (ended.length === BATCH) return 0;
    return store.facts.isShared ? LOOK_MS * (0.75 + random() / 2) : LOOK_MS;
  }

  const loop = createLoop({ ...options, name: 'settling', run: turn });
  changes.listen((change) => {
    if (change.kind === 'unsure' || (change.kind === 'changed' && isAwaitedEnd(change))) loop.wake();
  });
  return loop;
}

/** It ended, or goes on after its end, and somebody waits for it; or it comes after others, of which some may have ended. */
function isAwaitedEnd({ job, before, cause, isSettled }: Change): boolean {
  if (cause === 'learnt' || isSettled === true) return false;
  if (job.state === 'waiting' && job.marks?.awaitsParents === true)
    return cause === 'submitted' || cause === 'requeued';
  return job.marks?.isAwaited === true && (isFinal(job.state) || (before !== null && isFinal(before)));
}
