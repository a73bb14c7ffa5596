/** Changes of jobs that belong to sequences, between the statements that keep `blocked` true: see `sequence-statements.ts`. */
import type { Rows } from './connection/lane.ts';
import type { Session, Step } from './connection/session.ts';
import { plainArray } from './wire-text.ts';

export interface Sequenced {
  /** Locks the sequences of these jobs. */
  readonly lock: Step;
  readonly ids: readonly string[];
}

/** Runs the steps in one transaction; one result per step. @param sequenced null when no job of a sequence is touched */
export async function runSequenced(
  session: Session,
  steps: readonly Step[],
  sequenced: Sequenced | null,
): Promise<readonly Rows[]> {
  if (sequenced === null) return session.runAll(steps);
  const settle: Step = { name: 'sequenceSettle', values: [plainArray(sequenced.ids)] };
  return (await session.runAll([sequenced.lock, ...steps, settle])).slice(1, -1);
}
