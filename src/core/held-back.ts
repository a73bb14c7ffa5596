/**
 * Why a job that is due is not run, beside what stands in the job itself: its type is paused or full, an earlier job of its sequence, or the limit of
 * its key. Nothing of it is a change of the job, so it is asked for when somebody looks, and only of jobs that have something of it.
 */
import { awaitsParents } from './after/after.ts';
import type { Job } from './job.ts';
import { UNTIL_OPENED } from './limit-spec.ts';
import { isParked } from './signals.ts';

export type HeldBack =
  /** Full: as many jobs of it run, or have started, as its own limit lets, in all processes together. */
  | { readonly by: 'type'; readonly type: string; readonly reason: 'paused' | 'full' }
  | { readonly by: 'sequence'; readonly key: string }
  | {
      readonly by: 'limit';
      readonly key: string;
      /** Full: so many run, or have started. Closed: somebody said so. */
      readonly reason: 'full' | 'closed';
      /** When it opens by itself; null where nobody can say. */
      readonly until: number | null;
    };

/** Whether it waits for more than its time. No for those that say themselves what they wait for. */
export function isDue(job: Job, now: number): boolean {
  return job.state === 'waiting' && job.runAt <= now && !isParked(job) && !awaitsParents(job);
}

/** Whether the store has to be asked what blocks it. */
export function hasBlocks({ sequenceKey, terms }: Job): boolean {
  return sequenceKey !== null || terms?.limit !== undefined;
}

/** What a store says that a waiting job is blocked by. */
export interface Blocks {
  readonly bySequence: boolean;
  readonly byLimit: boolean;
  /** Of the key of its limit. */
  readonly closedUntil: number | null;
}

/** The sequence first: a job behind it holds no place of its key. */
export function heldBackOf(job: Job, blocks: Blocks, now: number): HeldBack | null {
  if (blocks.bySequence && job.sequenceKey !== null) return { by: 'sequence', key: job.sequenceKey };
  const key = job.terms?.limit?.key;
  if (!blocks.byLimit || key === undefined) return null;
  const { closedUntil } = blocks;
  if (closedUntil === null || closedUntil <= now) return { by: 'limit', key, reason: 'full', until: null };
  return { by: 'limit', key, reason: 'closed', until: closedUntil < UNTIL_OPENED ? closedUntil : null };
}

export interface HeldBackReads {
  /** By the ids of those that are held back. Reads nothing where none of the jobs has a sequence, a limit, or a type with one. */
  heldBack(jobs: readonly Job[]): Promise<ReadonlyMap<string, HeldBack>>;
  /** Whether `heldBack` is worth a call, from memory alone. No for nearly all jobs. */
  mayBeHeldBack(job: Job): boolean;
}
