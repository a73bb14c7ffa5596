/**
 * What became of a job beside what every job has. It changes with the job, as one value; most jobs have none of it and no `Marks` at all.
 */ import type { AwaitedSignal } from './signals.ts';

export interface Marks {
  /** Somebody waits for its end, who has to be told of it. */
  readonly isAwaited?: true;
  /** It is parked until this signal comes, or its time is over. */
  readonly signal?: AwaitedSignal;
  /** The group that it was added to later, by its id: see `Terms.group` for the others. */
  readonly group?: string;
}
