/**
 * Guarded patches: one statement writes a whole batch, each item only where its expectation holds.
 *
 * - A batch may change one job several times (a last progress report and the completion, merged from two callers): it goes in
 *   rounds, in one transaction.
 * - What was not written is read afterwards. A job that was on its way from one room to another just then may still be as expected: it
 *   is tried again, so that `stale` means that the expectation does not hold.
 */
import { isDeepStrictEqual } from 'node:util';
import { BideError } from '../../core/errors.ts';
import type { Job, JobPatch } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { ApplyOutcome, GuardedPatch } from '../contract.ts';
import { roomOf } from '../job-rooms.ts';
import { comesBackSame, patchCell, patchMask } from '../job-row.ts';
import { type AimedPatch, aimed, fitsRoom, isExpected, isImpossible, statementFor } from './aimed-patches.ts';
import type { Row, Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import { partsOf, type Session, type Step } from './connection/session.ts';
import { readJobs } from './read-jobs.ts';
import { resultValues } from './result-values.ts';
import { jobRoundsOf, type Placed, placedAt } from './rounds.ts';
import { columnArray, jobAt, plainColumn, STORED, textColumn } from './rows.ts';
import { patchedFrom, type SeenJobs } from './seen-jobs.ts';
import { runSequenced, type Sequenced } from './sequences.ts';
import { columnsOf } from './statements/apply-statements.ts';
import { statesMask } from './statements/rooms.ts';
import { plainArray } from './wire-text.ts';

/** Result bytes that one statement carries. */
const RESULT_BYTES_MAX = 32 * 1_024 * 1_024;
/** Each try can only miss a job that somebody moved during it. */
const TRIES_MAX = 8;

export async function applyPatches(
  session: Session,
  seen: SeenJobs,
  batch: readonly GuardedPatch[],
): Promise<readonly ApplyOutcome[]> {
  const outcomes = new Array<ApplyOutcome>(batch.length).fill({ kind: 'missing' });
  let left: readonly number[] = batch.map((_, index) => index);
  for (let tries = 1; left.length > 0 && tries <= TRIES_MAX; tries += 1) {
    left = await applyRound(session, seen, { batch, left, outcomes }).catch((error: unknown) => {
      // The first try may have written others: then those that are left keep the answer that they have, which is a safe one.
      if (tries === 1) throw error;
      return [];
    });
  }
  return outcomes;
}

interface Applying {
  readonly batch: readonly GuardedPatch[];
  readonly left: readonly number[];
  readonly outcomes: ApplyOutcome[];
}

/** Fills in outcomes, and returns what was not written though it is as expected. */
async function applyRound(
  session: Session,
  seen: SeenJobs,
  { batch, left, outcomes }: Applying,
): Promise<readonly number[]> {
  const items = left.map((index) => batch[index] as GuardedPatch);
  const patches = items.map(aimed);
  await refuseImpossible(session, patches);
  const parts = jobRoundsOf(patches).flatMap((round) =>
    partsOf(round, ({ item }) => item.result?.bytes.byteLength ?? 0, RESULT_BYTES_MAX),
  );
  if (parts.length === 0) return [];
  return repeated(async (isRepeat) => {
    const written = new Set<number>();
    const known = items.map(({ id, patch }) => (comesBackSame(patch) ? seen.get(id) : undefined));
    const steps: Step[] = parts.map((part) => applyStep(part, known));
    const back = limitedOf(patches, seen);
    if (back.length > 0) steps.push({ name: 'limitComeBack', values: [plainArray(back), latestOf(items)] });
    const parents = items.flatMap(({ id, frees }) => (frees === true ? [id] : []));
    if (parents.length > 0) steps.push({ name: 'familyFree', values: [plainArray(parents), latestOf(items)] });
    const results = await runSequenced(session, steps, sequencedOf(parts.flat(), seen));
    for (const [at, rows] of results.slice(0, parts.length).entries()) {
      for (const row of rows) {
        const { index, item } = placedAt(parts, at, row[0]);
        const job = appliedJob(row, item.item, known[index]);
        seen.remember(job);
        written.add(index);
        outcomes[left[index] as number] = { kind: 'applied', job };
      }
    }
    if (parents.length > 0) tellFreed(results.at(-1) ?? [], outcomes);
    const others = left.filter((_, index) => !written.has(index));
    return readOthers(session, { batch, left: others, outcomes }, isRepeat);
  });
}

/** @param rows of `familyFree` */
function tellFreed(rows: Rows, outcomes: ApplyOutcome[]): void {
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.kind !== 'applied' || outcome.job.state !== 'succeeded') continue;
    const own = rows.filter(([id]) => id === outcome.job.id);
    if (own.length === 0) continue;
    const freed = own.flatMap(([, , cells]) => (cells === null ? [] : [jobAt(JSON.parse(cells as string))]));
    outcomes[index] = { ...outcome, freed, isSettled: own[0]?.[1] === true };
  }
}

/** Nothing of the batch is written where a job that is as expected could not be as its patch would make it. */
async function refuseImpossible(session: Session, batch: readonly AimedPatch[]): Promise<void> {
  const items = batch.filter(isImpossible).map(({ item }) => item);
  if (items.length === 0) return;
  const reads = await readJobs(
    session,
    items.map(({ id }) => ({ id })),
  );
  for (const [at, read] of reads.entries()) {
    const { id, expect, patch } = items[at] as GuardedPatch;
    if (read.kind !== 'found' || !isExpected(read.job, expect)) continue;
    throw new BideError('INTERNAL', `No job can be as a patch would make ${id}: ${Object.keys(patch).join(', ')}.`);
  }
}

/** The jobs of sequences whose state changes, and those that might be such for all that is known here; null without any. */
function sequencedOf(placed: readonly Placed<AimedPatch>[], seen: SeenJobs): Sequenced | null {
  const ids: string[] = [];
  for (const {
    item: { item },
  } of placed) {
    if (item.patch.state !== undefined && seen.get(item.id)?.sequenceKey !== null) ids.push(item.id);
  }
  if (ids.length === 0) return null;
  const isAhead = placed.some(({ item }) => item.target === 'waiting' && item.states.some(isFinal));
  return { lock: { name: 'sequenceLockOfJobs', values: [plainArray(ids)] }, ids, isAhead };
}

/** The jobs that may wait again under a limit, as far as is known here. */
function limitedOf(patches: readonly AimedPatch[], seen: SeenJobs): readonly string[] {
  return patches.flatMap(({ id, target }) => {
    const job = target === 'waiting' ? seen.get(id) : null;
    return job === null || (job !== undefined && job.terms?.limit === undefined) ? [] : [id];
  });
}

/** When the batch happens. */
export function latestOf(batch: readonly GuardedPatch[]): number {
  return Math.max(...batch.map(({ now, patch }) => now ?? patch.finishedAt ?? Date.now()));
}

/** Place, lease, and the whole row as JSON where the seen job was not the one before. */
function appliedJob([, leaseUntil, cells]: Row, { patch }: GuardedPatch, seen: Job | undefined): Job {
  if (cells !== null || seen === undefined) return jobAt(JSON.parse(cells as string) as readonly unknown[]);
  return patchedFrom(seen, patch, leaseUntil as number | null);
}

/** What was not written: the job as it is now, if there is one. Returns those that are as expected. */
async function readOthers(
  session: Session,
  { batch, left, outcomes }: Applying,
  isRepeat: boolean,
): Promise<readonly number[]> {
  if (left.length === 0) return [];
  const again: number[] = [];
  const items = left.map((index) => batch[index] as GuardedPatch);
  const reads = await readJobs(
    session,
    items.map(({ id }) => ({ id })),
  );
  for (const [at, read] of reads.entries()) {
    const [index, item] = [left[at] as number, items[at] as GuardedPatch];
    if (read.kind !== 'found') continue;
    const isDone = isRepeat && isDoneAlready(read.job, item);
    outcomes[index] = { kind: isDone ? 'applied' : 'stale', job: read.job };
    const isPossible = item.patch.state !== undefined || fitsRoom(item.patch, roomOf(read.job.state));
    if (!isDone && isPossible && isExpected(read.job, item.expect)) again.push(index);
  }
  return again;
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

/** Statements that write them where they hold, each with a row per job that it has written: for a transaction that has others too. No results. */
export function patchSteps(batch: readonly GuardedPatch[]): readonly Step[] {
  return jobRoundsOf(batch.map(aimed)).map((round) => applyStep(round, []));
}

/** @param known the seen job per item of the batch */
function applyStep(part: readonly Placed<AimedPatch>[], known: readonly (Job | undefined)[]): Step {
  const patches = part.map(({ item }) => item);
  const items = patches.map(({ item }) => item);
  const values: unknown[] = [
    plainArray(items.map(({ id }) => id)),
    plainColumn(patches.map(({ states }) => statesMask(states))),
    plainColumn(items.map(({ expect }) => expect.fence ?? null)),
    plainColumn(items.map(({ expect }) => expect.revision ?? null)),
    textColumn(patches.map(({ target }) => target)),
    plainColumn(items.map(({ patch }) => patchMask(patch))),
    plainColumn(items.map(({ patch, now }) => now ?? patch.finishedAt ?? null)),
    plainColumn(part.map(({ index }) => known[index]?.revision ?? null)),
  ];
  const results = patches.map(({ result }) => result);
  const hasResults = results.some((result) => result !== null);
  const name = statementFor(patches, hasResults);
  for (const column of columnsOf(name)) {
    values.push(
      columnArray(
        column,
        items.map(({ patch }) => patchCell(column, patch, STORED)),
      ),
    );
  }
  return { name, values: hasResults ? [...values, ...resultValues(results)] : values };
}
