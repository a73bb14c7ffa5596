/** New jobs, and replays of jobs that their idempotency key finds again. Those with a unique key are a matter of their own: `unique-jobs.ts`. */
import { BideError } from '../../core/errors.ts';
import type { InsertOutcome, NewJob } from '../contract.ts';
import type { Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { comeSteps } from './limits.ts';
import { linkStepsOf, missingParents } from './links.ts';
import { findEarlier, insertParts, newJobValues, noneIfOurs, type Outcomes, sequencedOf } from './new-jobs.ts';
import { runSequenced } from './sequences.ts';
import { insertUnique, uniqueOf } from './unique-jobs.ts';

/** Each round can only leave jobs over whose earlier one was removed since it was in the way, or whose parent moved just then. */
const ROUNDS_MAX = 8;

export async function insertJobs(session: Session, batch: readonly NewJob[]): Promise<readonly InsertOutcome[]> {
  const outcomes: Outcomes = new Array(batch.length);
  let left: readonly number[] = batch.flatMap(({ spec }, index) => (spec.terms?.unique === undefined ? [index] : []));
  const unique = uniqueOf(batch);
  for (let round = 1; left.length > 0; round++) {
    if (round > ROUNDS_MAX)
      throw new BideError('OVERLOADED', 'Jobs with the same idempotency keys, or that others come after, come and go.');
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
  const keyed = indexes.filter((index) => isChildWithKey(batch[index] as NewJob));
  // One that is there already changes nothing, and its parents are marked before it is inserted.
  if (keyed.length > 0) await repeated(() => findEarlier(session, batch, keyed, outcomes));
  const asked = indexes
    .filter((index) => outcomes[index] === undefined)
    .map((index) => batch[index] as NewJob)
    .filter(({ isReplay = false }) => !isReplay);
  const missing = await missingParents(session, asked);
  const fresh = withoutRepeats(missing.size === 0 ? asked : asked.filter(({ spec }) => !missing.has(spec.id)));
  const results = fresh.length === 0 ? [] : await insertFresh(session, fresh);
  const indexOf = new Map(indexes.map((index) => [batch[index]?.spec.id, index]));
  for (const [id, number] of results.flat()) {
    outcomes[indexOf.get(id as string) as number] = { kind: 'created', number: number as number };
  }
  const others = indexes.filter((index) => outcomes[index] === undefined);
  if (others.length > 0) await repeated(() => findEarlier(session, batch, others, outcomes));
  for (const index of others) {
    const { spec, isReplay = false } = batch[index] as NewJob;
    const parent = missing.get(spec.id);
    if (isReplay) outcomes[index] ??= { kind: 'absent' };
    else if (parent !== undefined && isNoneOrLater(batch, index, outcomes[index])) {
      outcomes[index] = { kind: 'noParent', id: parent };
    }
  }
  return others.filter((index) => outcomes[index] === undefined);
}

/** Only earlier items of a batch count: one that comes after it has been stored by now. */
function isNoneOrLater(batch: readonly NewJob[], index: number, outcome: InsertOutcome | undefined): boolean {
  if (outcome === undefined) return true;
  return 'job' in outcome && batch.slice(index + 1).some(({ spec }) => spec.id === outcome.job.id);
}

function isChildWithKey({ spec: { idempotencyKey, terms } }: NewJob): boolean {
  return idempotencyKey !== null && terms?.after !== undefined;
}

/** Without children whose key an earlier one of them brings: what repeats a job marks no parents, and is found once that job is stored. */
function withoutRepeats(jobs: readonly NewJob[]): readonly NewJob[] {
  if (!jobs.some(isChildWithKey)) return jobs;
  const keys = new Set<string>();
  return jobs.filter((job) => {
    const key = JSON.stringify([job.spec.tenant, job.spec.idempotencyKey]);
    if (isChildWithKey(job) && keys.has(key)) return false;
    keys.add(key);
    return true;
  });
}

async function insertFresh(session: Session, jobs: readonly NewJob[]): Promise<readonly Rows[]> {
  const inserts = insertSteps(jobs);
  const specs = jobs.map(({ spec }) => spec);
  const { before, after } = linkStepsOf(specs);
  const steps = [...before, ...inserts, ...after];
  const sequenced = sequencedOf(specs);
  return repeated((isRepeat) =>
    runSequenced(session, steps, sequenced).then(
      (results) => results.slice(before.length, before.length + inserts.length),
      (error) => noneIfOurs(error, isRepeat),
    ),
  );
}

/** Statements that insert them, with an id and a number for each that was in nobody's way. None of them has a unique key. */
export function insertSteps(jobs: readonly NewJob[]): readonly Step[] {
  return [...insertParts(jobs).map(insertStep), ...comeSteps(jobs)];
}

function insertStep(jobs: readonly NewJob[]): Step {
  return { name: 'jobInsert', values: newJobValues(jobs) };
}
