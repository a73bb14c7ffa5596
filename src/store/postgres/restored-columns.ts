/** The columns of a job as a restore writes them: all that a snapshot has, each as it was. */
import type { Job } from '../../core/job.ts';
import { JOB_COLUMNS, type JobColumn, jsonText } from '../job-columns.ts';
import { tagsText } from './rows.ts';
import { plainArray, storedTextArray, textArray } from './wire-text.ts';

export interface RestoredColumn {
  readonly column: JobColumn;
  readonly sqlType: 'uuid' | 'bigint' | 'int' | 'float8' | 'text';
  /** The value of every job of a batch, as one parameter. */
  arrayOf(jobs: readonly Job[]): string;
}

type Spec = readonly [sqlType: RestoredColumn['sqlType'], read: (job: Job) => number | string | null];

const SPECS: Readonly<Record<JobColumn, Spec>> = {
  number: ['bigint', (job) => job.number],
  id: ['uuid', (job) => job.id],
  tenant: ['text', (job) => job.tenant],
  type: ['text', (job) => job.type],
  state: ['text', (job) => job.state],
  priority: ['int', (job) => job.priority],
  run_at: ['bigint', (job) => job.runAt],
  percent: ['float8', (job) => job.progress.percent],
  message: ['text', (job) => job.progress.message],
  attempt: ['int', (job) => job.attempt],
  fence: ['bigint', (job) => job.fence],
  revision: ['bigint', (job) => job.revision],
  lease_until: ['bigint', (job) => job.leaseUntil],
  worker: ['text', (job) => job.worker],
  cancel_requested_at: ['bigint', (job) => job.cancelRequestedAt],
  timeout_ms: ['bigint', (job) => job.timeoutMs],
  deadline_ms: ['bigint', (job) => job.deadlineMs],
  deadline_at: ['bigint', (job) => job.deadlineAt],
  started_at: ['bigint', (job) => job.startedAt],
  finished_at: ['bigint', (job) => job.finishedAt],
  created_at: ['bigint', (job) => job.createdAt],
  retain_ms: ['bigint', (job) => job.retainMs],
  sequence_key: ['text', (job) => job.sequenceKey],
  idempotency_key: ['text', (job) => job.idempotencyKey],
  request_hash: ['text', (job) => job.requestHash],
  callback_url: ['text', (job) => job.callbackUrl],
  result_type: ['text', (job) => job.result?.contentType ?? null],
  result_bytes: ['bigint', (job) => job.result?.bytes ?? null],
  retry: ['text', (job) => JSON.stringify(job.retry)],
  tags: ['text', (job) => tagsText(job.tags)],
  origin: ['text', (job) => jsonText(job.origin)],
  error: ['text', (job) => jsonText(job.error)],
};

export const RESTORED_COLUMNS: readonly RestoredColumn[] = JOB_COLUMNS.map((column) => {
  const [sqlType, read] = SPECS[column];
  return {
    column,
    sqlType,
    arrayOf(jobs) {
      const values = jobs.map(read);
      if (sqlType !== 'text') return plainArray(values);
      // Tags are made of texts that are stored ones already.
      return column === 'tags' ? storedTextArray(values as (string | null)[]) : textArray(values as (string | null)[]);
    },
  };
});
