/** New jobs, and replays of jobs that their idempotency key finds again. Those with a unique key are a matter of their own: `unique-jobs.ts`. */
import { BideError } from '../../core/errors.ts';
import type { InsertOutcome, NewJob } from '../contract.ts';
import type { Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { comeSteps } from './limits.ts';
import { findEarlier, insertParts, newJobValues, noneIfOurs, type Outcomes, sequencedOf } from './new-jobs.ts';
import { runSequenced } from './sequences.ts';
import { insertUnique, uniqueOf } from './unique-jobs.ts';

/** Each round can only leave jobs over whose earlier one was removed since it was in the way. */
const ROUNDS_MAX = 4;

export async function insertJobs(session: Session, batch: readonly NewJob[]): Promise<readonly InsertOutcome[]> {
  const outcomes: Outcomes = new Array(batch.length);
  let left: readonly number[] = batch.flatMap(({ spec }, index) => (spec.terms?.unique === undefined ? [index] : []));
  const unique = uniqueOf(batch);
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
  const steps = insertSteps(jobs);
  const sequenced = sequencedOf(jobs.map(({ spec }) => spec));
  return repeated((isRepeat) => runSequenced(session, steps, sequenced).catch((error) => noneIfOurs(error, isRepeat)));
}

/** Statements that insert them, with an id and a number for each that was in nobody's way. None of them has a unique key. */
export function insertSteps(jobs: readonly NewJob[]): readonly Step[] {
  return [...insertParts(jobs).map(insertStep), ...comeSteps(jobs)];
}

function insertStep(jobs: readonly NewJob[]): Step {
  return { name: 'jobInsert', values: newJobValues(jobs) };
}
