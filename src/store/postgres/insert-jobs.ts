/** New jobs, and replays of jobs that their idempotency key finds again. */
import { BideError } from '../../core/errors.ts';
import type { Job, JobSpec } from '../../core/job.ts';
import type { InsertOutcome, NewJob } from '../contract.ts';
import { NEW_JOB_COLUMNS, newJobCells } from '../job-row.ts';
import { isTakenId } from './connection/driver-errors.ts';
import type { Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import { partsOf, type Session, type Step } from './connection/session.ts';
import { columnArray, jobAt, STORED } from './rows.ts';
import { runSequenced, type Sequenced } from './sequences.ts';
import { insertUnique } from './unique-jobs.ts';
import { plainArray, textArray } from './wire-text.ts';

/** Characters of input that one statement carries: V8 strings end at 512 million, and a server should not get there either. */
const INPUT_CHARS_MAX = 32 * 1_024 * 1_024;

/** Each round can only leave jobs over whose earlier one was removed since it was in the way. */
const ROUNDS_MAX = 4;

export type Outcomes = (InsertOutcome | undefined)[];

export async function insertJobs(session: Session, batch: readonly NewJob[]): Promise<readonly InsertOutcome[]> {
  const outcomes: Outcomes = new Array(batch.length);
  let left: readonly number[] = batch.flatMap(({ spec }, index) => (spec.terms?.unique === undefined ? [index] : []));
  const unique = batch.flatMap(({ spec }, index) => (spec.terms?.unique === undefined ? [] : [index]));
  for (let round = 1; left.length > 0; round++) {
    if (round > ROUNDS_MAX) throw new BideError('OVERLOADED', 'Jobs with the same idempotency keys come and go.');
    left = await insertRound(session, batch, left, outcomes);
  }
  if (unique.length > 0) await insertUnique(session, batch, unique, outcomes);
  return outcomes as InsertOutcome[];
}

/** Fills in outcomes, and returns what has neither been created nor found. */
async function insertRound(
  session: Session,
  batch: readonly NewJob[],
  indexes: readonly number[],
  outcomes: Outcomes,
): Promise<readonly number[]> {
  const fresh = indexes.map((index) => batch[index] as NewJob).filter(({ isReplay = false }) => !isReplay);
  const results = fresh.length === 0 ? [] : await insertFresh(session, fresh);
  const indexOf = new Map(indexes.map((index) => [batch[index]?.spec.id, index]));
  for (const [id, number] of results.flat()) {
    outcomes[indexOf.get(id as string) as number] = { kind: 'created', number: number as number };
  }
  const others = indexes.filter((index) => outcomes[index] === undefined);
  if (others.length > 0) await repeated(() => findEarlier(session, batch, others, outcomes));
  for (const index of others) if (batch[index]?.isReplay === true) outcomes[index] ??= { kind: 'absent' };
  return others.filter((index) => outcomes[index] === undefined);
}

async function insertFresh(session: Session, jobs: readonly NewJob[]): Promise<readonly Rows[]> {
  const steps = insertParts(jobs).map(insertStep);
  const sequenced = sequencedOf(jobs.map(({ spec }) => spec));
  return repeated((isRepeat) => runSequenced(session, steps, sequenced).catch((error) => noneIfOurs(error, isRepeat)));
}

/** A taken id is an error, but on a repeat: then the try whose answer was lost has stored the batch, all of it. */
export function noneIfOurs(error: unknown, isRepeat: boolean): readonly Rows[] {
  if (isRepeat && isTakenId(error)) return [];
  throw error;
}

/** What was in the way: an earlier job with the same idempotency key, or the job itself, stored by a try without an answer. */
export async function findEarlier(
  session: Session,
  batch: readonly NewJob[],
  indexes: readonly number[],
  outcomes: Outcomes,
): Promise<void> {
  const specs = indexes.map((index) => (batch[index] as NewJob).spec);
  const rows = await session.run('jobFindEarlier', [
    plainArray(specs.map((spec) => spec.id)),
    textArray(specs.map((spec) => spec.tenant)),
    textArray(specs.map((spec) => spec.idempotencyKey)),
  ]);
  for (const row of rows) {
    const at = (row[0] as number) - 1;
    outcomes[indexes[at] as number] = outcomeOf(specs[at] as JobSpec, jobAt(row, 1));
  }
}

function outcomeOf(spec: JobSpec, job: Job): InsertOutcome {
  if (job.id === spec.id) return { kind: 'created', number: job.number };
  return { kind: job.requestHash === spec.requestHash ? 'existing' : 'conflict', job };
}

/** The jobs that belong to a sequence; null where none does. */
export function sequencedOf(specs: readonly Pick<JobSpec, 'id' | 'tenant' | 'sequenceKey'>[]): Sequenced | null {
  const sequenced = specs.filter(({ sequenceKey }) => sequenceKey !== null);
  if (sequenced.length === 0) return null;
  const keys = [sequenced.map(({ tenant }) => tenant), sequenced.map(({ sequenceKey }) => sequenceKey)];
  return {
    isAhead: false,
    lock: { name: 'sequenceLock', values: keys.map(textArray) },
    ids: sequenced.map(({ id }) => id),
  };
}

function insertStep(jobs: readonly NewJob[]): Step {
  return { name: 'jobInsert', values: newJobValues(jobs) };
}

/** Of parts of a batch, each small enough for one statement. */
export function insertParts(jobs: readonly NewJob[]): readonly NewJob[][] {
  return partsOf(jobs, ({ input }) => input.length, INPUT_CHARS_MAX);
}

export function newJobValues(jobs: readonly NewJob[]): unknown[] {
  const cells = jobs.map(({ spec }) => newJobCells(spec, STORED));
  const values: unknown[] = NEW_JOB_COLUMNS.map((column, at) =>
    columnArray(
      column,
      cells.map((row) => row[at] ?? null),
    ),
  );
  values.push(textArray(jobs.map((job) => job.input)));
  return values;
}
