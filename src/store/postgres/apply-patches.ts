/**
 * Guarded patches: one statement writes a whole batch, each item only where its expectation holds.
 *
 * A batch may change one job several times (a last progress report and the completion, merged from two callers): it goes in
 * rounds, in one transaction.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Job, JobPatch } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { ApplyOutcome, GuardedPatch } from '../contract.ts';
import { PATCH_COLUMNS, patchCell, patchMask } from '../job-row.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import { partsOf, type Session, type Step } from './connection/session.ts';
import { readJobs } from './read-jobs.ts';
import { resultValues } from './result-values.ts';
import { jobRoundsOf, type Placed, placedAt } from './rounds.ts';
import { columnArray, jobAt, STORED } from './rows.ts';
import { comesBackSame, patchedFrom, type SeenJobs } from './seen-jobs.ts';
import { runSequenced, type Sequenced } from './sequences.ts';
import { plainArray, textArray } from './wire-text.ts';

/** Result bytes that one statement carries. */
const RESULT_BYTES_MAX = 32 * 1_024 * 1_024;

export async function applyPatches(
  session: Session,
  seen: SeenJobs,
  batch: readonly GuardedPatch[],
): Promise<readonly ApplyOutcome[]> {
  const parts = jobRoundsOf(batch).flatMap((round) =>
    partsOf(round, ({ item }) => item.result?.bytes.byteLength ?? 0, RESULT_BYTES_MAX),
  );
  if (parts.length === 0) return batch.map(() => ({ kind: 'missing' }));
  return repeated(async (isRepeat) => {
    const outcomes = new Array<ApplyOutcome>(batch.length).fill({ kind: 'missing' });
    const known = batch.map(({ id, patch }) => (comesBackSame(patch) ? seen.get(id) : undefined));
    const steps = parts.map((part) => applyStep(part, known));
    const results = await runSequenced(session, steps, sequencedOf(parts.flat(), seen));
    for (const [at, rows] of results.entries()) {
      for (const row of rows) {
        const { index, item } = placedAt(parts, at, row[0]);
        const job = appliedJob(row, item, known[index]);
        seen.remember(job);
        outcomes[index] = { kind: 'applied', job };
      }
    }
    await readOthers(session, batch, outcomes, isRepeat);
    return outcomes;
  });
}

/** The jobs of sequences whose state changes, and those that might be such for all that is known here; null without any. */
function sequencedOf(placed: readonly Placed<GuardedPatch>[], seen: SeenJobs): Sequenced | null {
  const ids: string[] = [];
  for (const { item } of placed) {
    if (item.patch.state !== undefined && seen.get(item.id)?.sequenceKey !== null) ids.push(item.id);
  }
  if (ids.length === 0) return null;
  const isAhead = placed.some(({ item }) => item.patch.state === 'waiting' && item.expect.states.some(isFinal));
  return { lock: { name: 'sequenceLockOfJobs', values: [plainArray(ids)] }, ids, isAhead };
}

/** Place, whether the seen job was the one before, the lease, and else the whole row. */
function appliedJob(row: Row, { patch }: GuardedPatch, seen: Job | undefined): Job {
  return row[1] === true && seen !== undefined ? patchedFrom(seen, patch, row[2] as number | null) : jobAt(row, 3);
}

/** What was not written: the job as it is now, if there is one. */
async function readOthers(
  session: Session,
  batch: readonly GuardedPatch[],
  outcomes: ApplyOutcome[],
  isRepeat: boolean,
): Promise<void> {
  const others = batch
    .map((item, index) => ({ item, index }))
    .filter(({ index }) => outcomes[index]?.kind === 'missing');
  if (others.length === 0) return;
  const reads = await readJobs(
    session,
    others.map(({ item }) => ({ id: item.id })),
  );
  for (const [at, read] of reads.entries()) {
    const { item, index } = others[at] as Placed<GuardedPatch>;
    if (read.kind !== 'found') continue;
    outcomes[index] = { kind: isRepeat && isDoneAlready(read.job, item) ? 'applied' : 'stale', job: read.job };
  }
}

/**
 * Whether the job looks exactly as this patch leaves it. Somebody else who wrote the very same values, times in ms and fence
 * included, did the same thing, and there is nothing left for us to do: then "applied" is as true as "stale".
 */
function isDoneAlready(job: Job, { expect, patch }: GuardedPatch): boolean {
  if (expect.revision !== undefined && job.revision !== expect.revision + 1) return false;
  if (expect.fence !== undefined && patch.fence === undefined && job.fence !== expect.fence) return false;
  return (Object.keys(patch) as (keyof JobPatch)[]).every(
    (field) => patch[field] === undefined || isDeepStrictEqual(job[field], patch[field]),
  );
}

/** @param known the seen job per item of the batch */
function applyStep(part: readonly Placed<GuardedPatch>[], known: readonly (Job | undefined)[]): Step {
  const patches = part.map(({ item }) => item);
  const values: unknown[] = [
    plainArray(patches.map(({ id }) => id)),
    textArray(patches.map(({ expect }) => expect.states.join(' '))),
    plainArray(patches.map(({ expect }) => expect.fence ?? null)),
    plainArray(patches.map(({ expect }) => expect.revision ?? null)),
    plainArray(patches.map(({ patch }) => patchMask(patch))),
    plainArray(patches.map(({ patch, now }) => now ?? patch.finishedAt ?? null)),
    plainArray(part.map(({ index }) => known[index]?.revision ?? null)),
  ];
  for (const column of PATCH_COLUMNS) {
    values.push(
      columnArray(
        column,
        patches.map(({ patch }) => patchCell(column, patch, STORED)),
      ),
    );
  }
  const results = resultValues(patches.map(({ result }) => result ?? null));
  return results === null
    ? { name: 'jobApply', values }
    : { name: 'jobApplyWithResults', values: [...values, ...results] };
}
