/**
 * What became of a job beside what every job has. It changes with the job, as one value; most jobs have none of it and no `Marks` at all.
 */
import type { SignalMarks } from './signals.ts';
import type { Terms } from './terms.ts';

export interface Marks extends SignalMarks {
  /** Somebody waits for its end, who has to be told of it. */
  readonly isAwaited?: true;
  /** The group that it was added to later, by its id: see `Terms.group` for the others. */
  readonly group?: string;
  /** How often a person had it run again after its end: what was said of an end before is said of another run. */
  readonly retries?: number;
  /** It waits for the ends of jobs that it comes after; false once it need not any more. */
  readonly awaitsParents?: boolean;
}

/** Those that a job begins with. A group waits for the ends of its members from their beginning on. */
export function firstMarks(terms: Terms | null): Marks | null {
  if (terms?.group === undefined) return terms?.after ? AWAITS_PARENTS : null;
  return terms.after ? { ...AWAITS_PARENTS, ...AWAITED } : AWAITED;
}

const AWAITED: Marks = Object.freeze({ isAwaited: true });
const AWAITS_PARENTS: Marks = Object.freeze({ awaitsParents: true });
