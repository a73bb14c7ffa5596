/**
 * The row of a job as both stores have it: its columns in one order, and those of its values that are JSON in a column of text.
 * What differs, the way texts are stored, is in `rows.ts` of each.
 */
import { type Json, NO_PROGRESS, type Progress, type RetryPolicy } from '../core/job.ts';

/** The columns of a snapshot, in the order of every row that carries one. */
export const JOB_COLUMNS = [
  'number',
  'id',
  'tenant',
  'type',
  'state',
  'priority',
  'run_at',
  'percent',
  'message',
  'attempt',
  'fence',
  'revision',
  'lease_until',
  'worker',
  'cancel_requested_at',
  'timeout_ms',
  'deadline_ms',
  'deadline_at',
  'started_at',
  'finished_at',
  'created_at',
  'retain_ms',
  'sequence_key',
  'idempotency_key',
  'request_hash',
  'callback_url',
  'result_type',
  'result_bytes',
  'retry',
  'tags',
  'origin',
  'error',
] as const;
export type JobColumn = (typeof JOB_COLUMNS)[number];

export const JOB_WIDTH = JOB_COLUMNS.length;

/** Where a column is in a row. */
export const AT = Object.freeze(Object.fromEntries(JOB_COLUMNS.map((column, index) => [column, index]))) as Readonly<
  Record<JobColumn, number>
>;

export function jsonText(value: Json | object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

export function progressOf(percent: number, message: string | null): Progress {
  return percent === 0 && message === null ? NO_PROGRESS : { percent, message };
}

/** Policies come from a handful of types: one frozen object per text instead of one per row. */
const RETRIES_MAX = 256;
const retries = new Map<string, RetryPolicy>();

export function retryOf(text: string): RetryPolicy {
  const known = retries.get(text);
  if (known !== undefined) return known;
  if (retries.size >= RETRIES_MAX) retries.clear();
  const policy = Object.freeze(JSON.parse(text) as RetryPolicy);
  retries.set(text, policy);
  return policy;
}
