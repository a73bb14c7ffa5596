/** Removes final jobs with everything that belongs to them, and leaves tombstones that end by themselves. */
import type { Removal, RemoveOutcome } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { readJobs } from './read-jobs.ts';
import { jobRoundsOf, type Placed, placedAt } from './rounds.ts';
import { plainArray } from './wire-text.ts';

/** Tombstones dropped per call: more than a sweep makes, so that they never pile up, and few enough to be done in 10 ms. */
const TOMBSTONES_DROPPED_MAX = 1_000;

export async function removeJobs(session: Session, batch: readonly Removal[]): Promise<readonly RemoveOutcome[]> {
  const outcomes = new Array<RemoveOutcome>(batch.length).fill('missing');
  const rounds = jobRoundsOf(batch);
  if (rounds.length === 0) return outcomes;
  await repeated(async (isRepeat) => {
    const steps = rounds.map((round) => ({ name: 'jobRemove' as const, values: removeValues(round, batch) }));
    for (const [at, rows] of (await session.runAll(steps)).entries()) {
      for (const [ord] of rows) outcomes[placedAt(rounds, at, ord).index] = 'removed';
    }
    await readOthers(session, rounds.flat(), outcomes, isRepeat);
  });
  return outcomes;
}

function removeValues(round: readonly Placed<Removal>[], batch: readonly Removal[]): readonly unknown[] {
  const now = batch.reduce((latest, item) => Math.max(latest, item.now), 0);
  return [
    plainArray(round.map(({ item }) => item.id)),
    plainArray(round.map(({ item }) => item.revision)),
    plainArray(round.map(({ item }) => item.now)),
    plainArray(round.map(({ item }) => item.goneUntil)),
    now,
    Math.max(TOMBSTONES_DROPPED_MAX, 2 * batch.length),
  ];
}

/**
 * What was not removed: still there, or not. On a repeat, what is missing now, with a tombstone of this very moment, was removed by the
 * try whose answer was lost.
 */
async function readOthers(
  session: Session,
  placed: readonly Placed<Removal>[],
  outcomes: RemoveOutcome[],
  isRepeat: boolean,
): Promise<void> {
  const others = placed.filter(({ index }) => outcomes[index] !== 'removed');
  const reads = await readJobs(
    session,
    others.map(({ item }) => ({ id: item.id })),
  );
  for (const [at, read] of reads.entries()) {
    const { index, item } = others[at] as Placed<Removal>;
    if (read.kind === 'found') outcomes[index] = 'stale';
    else if (isRepeat && read.kind === 'gone' && read.goneAt === item.now) outcomes[index] = 'removed';
  }
}
