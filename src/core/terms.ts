/**
 * What a job was submitted with beside what every job has. Written once, with the job; most jobs have none of it and no `Terms` at all.
 * Each mechanism has its own field. Imports no job: a job has terms.
 */
import type { Unique } from './unique.ts';

export interface Terms {
  readonly unique?: Unique;
  /** The group that it was submitted in, by its id. */
  readonly group?: string;
  readonly [name: string]: unknown;
}
