/**
 * Rows of this store: texts are kept as they are, and everything else is encoded and decoded by the thread that calls the store, so
 * that the writer only moves values.
 */
import { type Job, type JobPatch, type JobSpec, jobOf } from '../../core/job.ts';
import { STORED_STATES, type StoredState } from '../../core/state.ts';
import {
  cellOf,
  JOB_COLUMNS,
  type JobColumn,
  jobReader,
  jsonCell,
  maskColumns,
  NEW_JOB_COLUMNS,
  patchMask,
  type TextCodec,
} from '../job-row.ts';

export type Value = null | number | string | Uint8Array;
export type Row = readonly Value[];

/** UTF-8 has no place for lone surrogates: SQLite would put U+FFFD there, and a row that is answered without being read must say so too. */
export const AS_IT_IS: TextCodec = { stored: (text) => text.toWellFormed(), given: (text) => text };

export const jobAt = jobReader(AS_IT_IS);

export function rowOf(job: Job): Row {
  const row: Value[] = [];
  pushCells(row, JOB_COLUMNS, job);
  return row;
}

export function pushCells(values: Value[], columns: readonly JobColumn[], job: Job): void {
  for (const column of columns) values.push(cellOf(column, job, AS_IT_IS));
}

export function jsonText(value: object | null): string | null {
  return jsonCell(value, AS_IT_IS);
}

export function jsonOf<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

/** New jobs travel to the writer one after another in one array, each with its input last: null for a replay, which is looked for and never stored. */
export const NEW_JOB_WIDTH = NEW_JOB_COLUMNS.length + 1;

export function pushNewJob(values: Value[], spec: JobSpec, input: string | null): void {
  pushCells(values, NEW_JOB_COLUMNS, jobOf(spec, 0));
  values.push(input);
}

/** Appends what the patch writes, in the order of `maskColumns`. */
export function pushPatch(values: Value[], patch: JobPatch): void {
  // A column reads its own field alone, and that one is there.
  pushCells(values, maskColumns(patchMask(patch)), patch as Job);
}

export function statesMask(states: readonly StoredState[]): number {
  let mask = 0;
  for (const state of states) mask |= 1 << STORED_STATES.indexOf(state);
  return mask;
}

export function isInMask(mask: number, state: StoredState): boolean {
  return (mask & (1 << STORED_STATES.indexOf(state))) !== 0;
}
