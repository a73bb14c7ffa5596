/** Why jobs that are due are not run, as the store has it at this moment. */
import { roomOfType } from '../../core/fairness/type-limit.ts';
import { type HeldBack, type HeldBackReads, hasBlocks, heldBackOf, isDue } from '../../core/held-back.ts';
import type { Job } from '../../core/job.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Pauses } from '../operating/pauses.ts';

export interface HeldBackOptions extends Pick<EngineBase, 'store' | 'clock' | 'types'> {
  readonly pauses: Pick<Pauses, 'since'>;
}

export function createHeldBack(options: HeldBackOptions): HeldBackReads {
  const { clock, types, pauses } = options;
  const isPaused = ({ type }: Job) => pauses.since(type) !== null;
  const mayBeHeldBack = (job: Job) =>
    isDue(job, clock.now()) && (hasBlocks(job) || isPaused(job) || types.get(job.type)?.limit != null);
  return {
    mayBeHeldBack,
    async heldBack(jobs) {
      const asked = jobs.filter(mayBeHeldBack);
      if (asked.length === 0) return NONE;
      // A pause stands before all else: nothing else makes such a job run.
      const left = asked.filter((job) => !isPaused(job));
      const [blocked, full] = await Promise.all([blockedOf(options, left.filter(hasBlocks)), fullTypes(options, left)]);
      return new Map(
        asked.flatMap((job) => {
          const ofType = isPaused(job) ? 'paused' : full.has(job.type) ? 'full' : null;
          const own = blocked.get(job.number);
          if (own !== undefined) return [[job.id, own] as const];
          return ofType === null ? [] : [[job.id, { by: 'type', type: job.type, reason: ofType }] as const];
        }),
      );
    },
  };
}

const NONE: ReadonlyMap<string, HeldBack> = new Map();

/** By sequences and limits of keys, by number. */
async function blockedOf(
  { store, clock }: HeldBackOptions,
  jobs: readonly Job[],
): Promise<ReadonlyMap<number, HeldBack>> {
  if (jobs.length === 0) return new Map();
  const now = clock.now();
  const byNumber = new Map(jobs.map((job) => [job.number, job]));
  return new Map(
    (await store.blocksRead(jobs)).flatMap((one) => {
      const job = byNumber.get(one.number);
      const held = job === undefined ? null : heldBackOf(job, one, now);
      return held === null ? [] : [[one.number, held] as const];
    }),
  );
}

/** Those with a limit as a whole that start nothing now: from counts that are kept, in one read or two, however many jobs there are. */
async function fullTypes({ store, clock, types }: HeldBackOptions, jobs: readonly Job[]): Promise<ReadonlySet<string>> {
  const names = [...new Set(jobs.map(({ type }) => type))].filter((name) => types.get(name)?.limit != null);
  if (names.length === 0) return new Set();
  const rated = names.filter((name) => types.get(name)?.limit?.rate != null);
  const [counts, starts] = await Promise.all([
    store.count({ tenant: null, states: ['running'], types: names }),
    rated.length === 0 ? [] : store.startsOf(rated),
  ]);
  const isFull = (name: string) => {
    const running = counts.reduce((sum, { type, count }) => (type === name ? sum + count : sum), 0);
    const use = { running, starts: starts.find(({ type }) => type === name)?.starts ?? [] };
    return roomOfType(types.get(name)?.limit ?? {}, use, clock.now()) === 0;
  };
  return new Set(names.filter(isFull));
}
