/** Between Bide and the vendor, purely: states, jobs, ids, results, errors. */
import { type Static, Type } from 'typebox';
import type { ErrorKind } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Job, Json } from '../../core/job.ts';
import { fieldsOf, textOf } from '../../core/json-object.ts';
import { workingState } from '../../core/signals.ts';
import { isFinal, type ShownState } from '../../core/state.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import { originReader } from '../origin-reader.ts';
import type { JobResult } from '../result-of.ts';
import type { JobBody, Results, StatusWord } from './wire.ts';

export const DIALECT = 'toolkitapi';

export const WORDS: Readonly<Record<ShownState, StatusWord>> = {
  scheduled: 'queued',
  queued: 'queued',
  retrying: 'queued',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'failed',
  expired: 'failed',
};

/** What this dialect remembers of the request that made a job. */
const Remembered = Type.Object({
  queryId: Type.Union([Type.String(), Type.Null()]),
  datasetId: Type.Union([Type.String(), Type.Null()]),
});
export type Remembered = Readonly<Static<typeof Remembered>>;

const remembered = originReader(DIALECT, Remembered);

/** `job_` and the id without its hyphens, which no client takes apart. */
export function vendorId(id: string): string {
  return `job_${id.replaceAll('-', '')}`;
}

/** The id behind either spelling; null for what is none. */
export function idOf(text: string): string | null {
  const hex = /^job_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i.exec(text);
  return jobIdOf(hex === null ? text : hex.slice(1).join('-'));
}

export function jobBody(job: Job, result: JobResult, now: number): JobBody {
  const { queryId, datasetId } = remembered(job) ?? { queryId: null, datasetId: null };
  return {
    job_id: vendorId(job.id),
    query_id: queryId,
    dataset_id: datasetId,
    status: WORDS[workingState(job, now)],
    progress: progressOf(job),
    results: job.state === 'succeeded' ? resultsOf(result) : null,
    error: errorOf(job),
    created_at: timeOf(job.createdAt),
    completed_at: job.finishedAt === null ? null : timeOf(job.finishedAt),
  };
}

/** Frozen where it failed; nothing is done while it is queued. */
function progressOf(job: Job): number {
  if (job.state === 'waiting') return 0;
  const percent = Math.floor(job.progress.percent);
  return job.state === 'succeeded' ? 100 : Math.min(99, percent);
}

/** Set exactly when the job ended badly: for people, so a sentence in any case. */
function errorOf(job: Job): string | null {
  if (!isFinal(job.state) || job.state === 'succeeded') return null;
  if (job.state === 'cancelled') return 'The job was cancelled.';
  return job.error?.message ?? 'The job failed.';
}

/** Rows as they are; any other result as one cell, so that a client which expects a table finds one. */
export function resultsOf(result: JobResult): Results | null {
  if (result.kind === 'none') return null;
  if (result.kind === 'bytes') return cell(Buffer.from(result.bytes).toString('base64'));
  return tableOf(result.value) ?? cell(result.value);
}

function tableOf(value: Json): Results | null {
  const { columns, rows } = fieldsOf(value);
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  return { columns: columns.map(textOf), rows: rows as Results['rows'], row_count: rows.length };
}

function cell(value: Json): Results {
  return { columns: ['result'], rows: [[value]], row_count: 1 };
}

/** Whole seconds, with Z. */
export function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404, conflict: 400 };

/** Texts that the vendor documents; the others are our own. */
const TEXTS: Readonly<Partial<Record<ErrorKind, string>>> = {
  unauthorized: 'Invalid or missing API key',
  quota: 'Rate limit exceeded. Please try again later.',
};

export function errorBody(kind: ErrorKind, message: string) {
  return { status: STATUSES[kind], body: { detail: TEXTS[kind] ?? message } };
}
