/** What inserting jobs is made of, whatever decides whether they are new: their values, and the search for what is in the way. */
import type { Job, JobSpec } from '../../core/job.ts';
import type { InsertOutcome, NewJob } from '../contract.ts';
import { NEW_JOB_COLUMNS, newJobCells } from '../job-row.ts';
import { isTakenId } from './connection/driver-errors.ts';
import type { Rows } from './connection/lane.ts';
import { partsOf, type Session } from './connection/session.ts';
import { isParentMoved } from './links.ts';
import { columnArray, jobAt, STORED } from './rows.ts';
import type { Sequenced } from './sequences.ts';
import { plainArray, textArray } from './wire-text.ts';

/** Characters of input that one statement carries: V8 strings end at 512 million, and a server should not get there either. */
const INPUT_CHARS_MAX = 32 * 1_024 * 1_024;

export type Outcomes = (InsertOutcome | undefined)[];

/**
 * A taken id is an error, but on a repeat: then the try whose answer was lost has stored the batch, all of it. Where a parent had moved nothing is
 * stored, and the next round begins anew.
 */
export function noneIfOurs(error: unknown, isRepeat: boolean): readonly Rows[] {
  if ((isRepeat && isTakenId(error)) || isParentMoved(error)) return [];
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
