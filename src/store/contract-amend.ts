/** Part of the store contract: changing what a waiting job was submitted with. */
import type { Job } from '../core/job.ts';
import type { JobColumn } from './job-row.ts';

/** All that can be amended, as it is to be: whoever changes one takes the others from the job that they saw. */
export type Terms = Pick<Job, 'priority' | 'runAt' | 'tags' | 'deadlineMs' | 'deadlineAt'>;

/** Written only while the job waits, at this revision. */
export interface Amendment {
  readonly id: string;
  readonly revision: number;
  readonly terms: Terms;
  /** Another input, as JSON text: attempts then count from 0 again. Left out, the input stays. */
  readonly input?: string;
  /** When it happens, as its event says it. */
  readonly now: number;
}

export type AmendOutcome =
  /** Written; `job` is the new snapshot, its revision one higher, or a newer one. */
  | { readonly kind: 'amended'; readonly job: Job }
  /** Not written: it does not wait any more, or has another revision; `job` is the current snapshot. */
  | { readonly kind: 'stale'; readonly job: Job }
  | { readonly kind: 'missing' };

/** The columns that hold the terms. */
export const AMENDED_COLUMNS = [
  'priority',
  'tags',
  'deadline_ms',
  'run_at',
  'deadline_at',
] as const satisfies readonly JobColumn[];
