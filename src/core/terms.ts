/**
 * What a job was submitted with beside what every job has. Written once, with the job; most jobs have none of it and no `Terms` at all.
 * Each mechanism has its own field. Imports no job: a job has terms.
 */

import type { After } from './after/after.ts';
import type { KeyLimit } from './limit-spec.ts';
import type { TraceContext } from './trace-context.ts';
import type { Unique } from './unique.ts';

/** The tick of a schedule that the job is for, epoch ms. */
export interface ScheduleTerm {
  readonly name: string;
  readonly tick: number;
}

export interface Terms {
  /** The key that it runs under, and the limit of that key as this job states it. */
  readonly limit?: KeyLimit;
  readonly after?: After;
  readonly unique?: Unique;
  /** The group that it was submitted in, by its id. */
  readonly group?: string;
  readonly schedule?: ScheduleTerm;
  /** Where it stands in the trace of whoever submitted it. */
  readonly trace?: TraceContext;
  readonly [name: string]: unknown;
}
