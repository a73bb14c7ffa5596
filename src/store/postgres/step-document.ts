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

export async function stepDocument(session: Session, { write, jobs }: DocumentStep): Promise<StepOutcome> {
  return repeated(async (isRepeat) => {
    const steps = [updateStep(write), ...insertParts(jobs).map((part) => insertStep(part, write)), ...comeSteps(jobs)];
    const [rows = [], ...inserted] = await runSequenced(session, steps, sequencedOf(jobs.map(({ spec }) => spec)));
    const [row] = rows;
    const document = row === undefined ? await readDocument(session, write) : documentOf(row);
    // A try whose answer was lost has done it: nobody else makes up the same ids of jobs, which the document names.
    const isOurs = row !== undefined || (isRepeat && document !== null && isDoneAlready(document, write));
    if (!isOurs || document === null) return { kind: 'stale', document };
    return { kind: 'written', document, jobs: await outcomesOf(session, jobs, inserted.flat()) };
  });
}

function insertStep(jobs: readonly NewJob[], document: DocumentRef): Step {
  return { name: 'jobInsertStepped', values: [...newJobValues(jobs), ...refValues(document)] };
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
  const others = [...jobs.keys()].filter((index) => outcomes[index] === undefined);
  if (others.length > 0) await findEarlier(session, jobs, others, outcomes);
  // An earlier job with the same key was in the way, and has been removed since.
  return outcomes.map((outcome) => outcome ?? { kind: 'absent' });
}
