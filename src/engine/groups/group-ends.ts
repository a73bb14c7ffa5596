/**
 * What the ends of members come to: they are counted, complete groups end and submit what follows, and groups that are over are taken away.
 *
 * Any process does it. A group ends in the transaction that stores its jobs, guarded by its revision: where two try, one of them does. What a process leaves behind
 * when it dies is found by looking every few seconds.
 */
import { groupEnd } from '../../core/groups/group.ts';
import { jobOf } from '../../core/job.ts';
import type { DueGroup } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { TakeEnded } from '../settling/settling.ts';
import { type ArrivingParts, announceCreated, arriving } from '../submitting/arriving.ts';
import { createJobIds } from '../submitting/job-ids.ts';
import type { GroupWatch } from './group-watch.ts';

export interface GroupEnds {
  /** Counts members that have ended. */
  readonly take: TakeEnded;
  /** A group may be complete. */
  wake(): void;
  readonly loops: readonly Loop[];
}

export interface GroupEndsOptions extends EngineBase, ArrivingParts {
  readonly watch: GroupWatch;
}

/** Groups that end in one turn. */
const BATCH = 50;
const LOOK_MS = 5_000;
/** Rows of groups that are over, taken away at once. */
const PRUNED = 1_000;
const PRUNE_LOOK_MS = 10_000;
/** Where there are more: soon again, without keeping callers from the store. */
const MORE_MS = 50;

export function createGroupEnds(options: GroupEndsOptions): GroupEnds {
  const { store, clock, random, watch } = options;
  const newId = createJobIds();
  const ends = createLoop({ ...options, name: 'group ends', run: endAll });
  const pruning = createLoop({
    ...options,
    name: 'group pruning',
    async run() {
      const gone = await store.groupPrune({ now: clock.now(), limit: PRUNED });
      return gone >= PRUNED ? MORE_MS : PRUNE_LOOK_MS;
    },
  });

  async function endAll(): Promise<number> {
    const due = await store.groupDue({ limit: BATCH });
    let ended = 0;
    for (const one of due) if (await end(one)) ended += 1;
    if (due.length === BATCH && ended > 0) return 0;
    return store.facts.isShared ? LOOK_MS * (0.75 + random() / 2) : LOOK_MS;
  }

  /** False where it has changed since, or another process has ended it. */
  async function end({ group: seen, followUps }: DueGroup): Promise<boolean> {
    const now = clock.now();
    const { group, jobs } = groupEnd(seen, followUps, now, () => newId(now));
    const specs = jobs.map(({ spec }) => spec);
    const numbers = await arriving(options, specs, () => store.groupFire({ group, jobs }));
    if (numbers === null) return false;
    for (const [index, number] of numbers.entries()) {
      const spec = specs[index];
      if (spec !== undefined) announceCreated(options, jobOf(spec, number));
    }
    watch.told([group]);
    return true;
  }

  return {
    async take(ended) {
      const changed = await store.groupSettle(ended);
      watch.told(changed);
      if (changed.length > 0) ends.wake();
    },
    wake: () => ends.wake(),
    loops: [ends, pruning, watch.loop],
  };
}
