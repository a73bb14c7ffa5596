/** Changes of jobs that belong to sequences, between the statements that keep `blocked` true: see `sequence-statements.ts`. */
import type { Rows } from './connection/lane.ts';
import type { Session, Step } from './connection/session.ts';
import { givenText, plainArray } from './wire-text.ts';

export interface Sequenced {
  /** Locks the sequences of these jobs. */
  readonly lock: Step;
  readonly ids: readonly string[];
  /** Whether one of them may have come ahead of others that wait. */
  readonly isAhead: boolean;
}

/** Runs the steps in one transaction; one result per step. @param sequenced null when no job of a sequence is touched */
export async function runSequenced(
  session: Session,
  steps: readonly Step[],
  sequenced: Sequenced | null,
): Promise<readonly Rows[]> {
  if (sequenced === null) return session.runAll(steps);
  const { lock, ids, isAhead } = sequenced;
  const values = [plainArray(ids)];
  const after: Step[] = isAhead ? [{ name: 'sequenceBlockNext', values }] : [];
  const results = await session.runAll([lock, ...steps, ...after, { name: 'sequenceSettle', values }]);
  for (const [tenant, key] of results.at(-1) ?? []) {
    if (key !== null) session.freedLimits.push({ tenant: givenText(tenant as string), key: givenText(key as string) });
  }
  return results.slice(1, 1 + steps.length);
}
