/** Why jobs that are due are not run, as the store has it at this moment. */
import { type HeldBack, heldBackOf, mayBeHeldBack, type ReadHeldBack } from '../../core/held-back.ts';
import type { EngineBase } from '../engine-base.ts';

export function createHeldBack({ store, clock }: Pick<EngineBase, 'store' | 'clock'>): ReadHeldBack {
  return async (jobs) => {
    const now = clock.now();
    const asked = new Map(jobs.filter((job) => mayBeHeldBack(job, now)).map((job) => [job.number, job]));
    if (asked.size === 0) return NONE;
    const blocks = await store.blocksRead([...asked.values()]);
    return new Map(
      blocks.flatMap((one) => {
        const job = asked.get(one.number);
        const held = job === undefined ? null : heldBackOf(job, one, now);
        return job === undefined || held === null ? [] : [[job.id, held] as const];
      }),
    );
  };
}

const NONE: ReadonlyMap<string, HeldBack> = new Map();
