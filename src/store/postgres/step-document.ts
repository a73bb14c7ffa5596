/**
 * A document that goes on, and the jobs that come of that, in one transaction.
 *
 * The insert looks whether this transaction has written the document: the statements travel together, and nobody waits for the first one's
 * answer to decide on the next. Of several processes at the same step one writes; the others insert nothing.
 */
import type { DocumentStep, InsertOutcome, NewJob, StepOutcome } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { type DocumentRef, documentOf, isDoneAlready, readDocument, refValues, updateStep } from './documents.ts';
import { comeSteps } from './limits.ts';
import { findEarlier, insertParts, newJobValues, sequencedOf } from './new-jobs.ts';
import { runSequenced } from './sequences.ts';
import { findHolders, takersOf, uniqueLock, uniqueOf } from './unique-jobs.ts';
import { plainArray } from './wire-text.ts';

export async function stepDocument(session: Session, { write, jobs }: DocumentStep): Promise<StepOutcome> {
  return repeated(async (isRepeat) => {
    const unique = uniqueOf(jobs);
    const holders = unique.length === 0 ? NONE : await takersOf(session, jobs);
    const plain = jobs.filter(({ spec }) => spec.terms?.unique === undefined);
    const coming = [...plain, ...holders.keys()];
    const steps = [...writeSteps(write, plain, holders), ...comeSteps(coming)];
    const sequenced = sequencedOf(coming.map(({ spec }) => spec));
    const results = await runSequenced(session, steps, sequenced);
    const [rows = [], ...inserted] = holders.size === 0 ? results : results.slice(1);
    const [row] = rows;
    const document = row === undefined ? await readDocument(session, write) : documentOf(row);
    // A try whose answer was lost has done it: nobody else makes up the same ids of jobs, which the document names.
    const isOurs = row !== undefined || (isRepeat && document !== null && isDoneAlready(document, write));
    if (!isOurs || document === null) return { kind: 'stale', document };
    return { kind: 'written', document, jobs: await outcomesOf(session, jobs, inserted.flat()) };
  });
}

const NONE: ReadonlyMap<NewJob, number> = new Map();

function writeSteps(
  write: DocumentStep['write'],
  plain: readonly NewJob[],
  holders: ReadonlyMap<NewJob, number>,
): readonly Step[] {
  const takers = [...holders.keys()];
  return [
    ...(takers.length === 0 ? [] : [uniqueLock(takers)]),
    updateStep(write),
    ...insertParts(plain).map((part) => insertStep(part, write)),
    ...insertParts(takers).map((part) => insertTakers(part, holders, write)),
  ];
}

function insertStep(jobs: readonly NewJob[], document: DocumentRef): Step {
  return { name: 'jobInsertStepped', values: [...newJobValues(jobs), ...refValues(document)] };
}

function insertTakers(jobs: readonly NewJob[], holders: ReadonlyMap<NewJob, number>, document: DocumentRef): Step {
  const numbers = plainArray(jobs.map((job) => holders.get(job) ?? 0));
  return { name: 'jobInsertUniqueStepped', values: [...newJobValues(jobs), numbers, ...refValues(document)] };
}

async function outcomesOf(
  session: Session,
  jobs: readonly NewJob[],
  inserted: readonly (readonly unknown[])[],
): Promise<readonly InsertOutcome[]> {
  const numbers = new Map(inserted.map(([id, number]) => [id as string, number as number]));
  const outcomes = jobs.map(({ spec }): InsertOutcome | undefined => {
    const number = numbers.get(spec.id);
    return number === undefined ? undefined : { kind: 'created', number };
  });
  const left = (indexes: Iterable<number>) => [...indexes].filter((index) => outcomes[index] === undefined);
  const others = left(jobs.keys());
  if (others.length > 0) await findEarlier(session, jobs, others, outcomes);
  const held = left(uniqueOf(jobs));
  if (held.length > 0) await findHolders(session, jobs, held, outcomes);
  // An earlier job with the same key was in the way, and has been removed since.
  return outcomes.map((outcome) => outcome ?? { kind: 'absent' });
}
