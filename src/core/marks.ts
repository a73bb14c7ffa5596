/**
 * What became of a job beside what every job has. It changes with the job, as one value; most jobs have none of it and no `Marks` at all.
 */
import type { SignalMarks } from './signals.ts';

export interface Marks extends SignalMarks {
  /** Somebody waits for its end, who has to be told of it. */
  readonly isAwaited?: true;
  /** The group that it was added to later, by its id: see `Terms.group` for the others. */
  readonly group?: string;
}
