/** Changes what a waiting job was submitted with, one statement a batch: in `jobs`, in its room, and among the tags. */

import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../../core/job.ts';
import { AMENDED_COLUMNS, type Amendment, type AmendOutcome } from '../contract-amend.ts';
import { cellOf } from '../job-row.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { readJobs } from './read-jobs.ts';
import { jobRoundsOf, type Placed, placedAt } from './rounds.ts';
import { columnArray, STORED, textColumn } from './rows.ts';
import { plainArray, storedText } from './wire-text.ts';

export async function amendJobs(session: Session, batch: readonly Amendment[]): Promise<readonly AmendOutcome[]> {
  const rounds = jobRoundsOf(batch);
  const outcomes = new Array<AmendOutcome>(batch.length).fill({ kind: 'missing' });
  if (rounds.length === 0) return outcomes;
  await repeated(async (isRepeat) => {
    const amended = new Set<number>();
    const steps = rounds.map((round) => ({ name: 'jobAmend' as const, values: valuesOf(round) }));
    for (const [at, rows] of (await session.runAll(steps)).entries()) {
      for (const [ord] of rows) amended.add(placedAt(rounds, at, ord).index);
    }
    const placed = rounds.flat();
    const reads = await readJobs(
      session,
      placed.map(({ item }) => ({ id: item.id })),
    );
    for (const [at, read] of reads.entries()) {
      const { index, item } = placed[at] as Placed<Amendment>;
      if (read.kind !== 'found') continue;
      const isDone = amended.has(index) || (isRepeat && isDoneAlready(read.job, item));
      outcomes[index] = { kind: isDone ? 'amended' : 'stale', job: read.job };
    }
  });
  return outcomes;
}

function valuesOf(round: readonly Placed<Amendment>[]): readonly unknown[] {
  return [
    plainArray(round.map(({ item }) => item.id)),
    plainArray(round.map(({ item }) => item.revision)),
    ...AMENDED_COLUMNS.map((column) =>
      columnArray(
        column,
        // A column reads its own field alone, and that one is there.
        round.map(({ item }) => cellOf(column, item.terms as Job, STORED)),
      ),
    ),
    textColumn(round.map(({ item }) => (item.input === undefined ? null : storedText(item.input)))),
    plainArray(round.map(({ item }) => item.now)),
  ];
}

/** As the try whose answer was lost leaves it, or somebody who asked for the same. */
function isDoneAlready(job: Job, { revision, terms }: Amendment): boolean {
  const { priority, runAt, tags, deadlineMs, deadlineAt } = job;
  return job.revision === revision + 1 && isDeepStrictEqual({ priority, runAt, tags, deadlineMs, deadlineAt }, terms);
}
