/** Between Bide and the vendor, purely: states, jobs, outputs, errors. Total: any result, any origin. */
import { type Static, Type } from 'typebox';
import type { ErrorKind } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { isFinal, type ShownState } from '../../core/state.ts';
import type { LogLine } from '../../engine/api.ts';
import type { ErrorAnswer } from '../../http/dialect.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import { originReader } from '../origin-reader.ts';
import type { JobResult } from '../result-of.ts';
import type { ErrorBody, StatusWord, Urls } from './wire.ts';

export const DIALECT = 'replicate';

export const WORDS: Readonly<Record<ShownState, StatusWord>> = {
  scheduled: 'starting',
  queued: 'starting',
  retrying: 'starting',
  running: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'canceled',
  expired: 'failed',
};

/** What this dialect remembers of the request that made a job. */
const Remembered = Type.Object({
  /** `owner/name`, as the client has it. */
  model: Type.String(),
  /** The version that the client asked for; null for one that named a model. */
  version: Type.Union([Type.String(), Type.Null()]),
  /** The events that its webhook is told of; null for all. */
  events: Type.Union([Type.Array(Type.String()), Type.Null()]),
  /** Base URL of the dialect as the caller saw it: webhooks have URLs in them, and no request to take one from. */
  base: Type.String(),
});
export type Remembered = Readonly<Static<typeof Remembered>>;

export const remembered = originReader(DIALECT, Remembered);

/** What a prediction tells beside its job. */
export interface Payload {
  /** JSON text. */
  readonly input: string;
  /** Null where they are not shown. */
  readonly logs: string | null;
  /** JSON text; see `outputText`. */
  readonly output: string;
}

export interface Shown {
  readonly status: StatusWord;
  readonly owner: string;
  readonly urls: Urls;
}

/** The whole prediction as JSON text: input and output are passed on as they were stored, digit by digit. */
export function predictionText(job: Job, { input, logs, output }: Payload, { status, owner, urls }: Shown): string {
  const { model, version } = modelOf(job, owner);
  const head = JSON.stringify({ id: job.id, model, version }).slice(0, -1);
  const rest = JSON.stringify({
    ...(logs === null ? {} : { logs }),
    data_removed: false,
    error: errorOf(job),
    source: 'api',
    status,
    created_at: isoTime(job.createdAt),
    started_at: timeOrNull(job.startedAt),
    completed_at: timeOrNull(job.finishedAt),
    metrics: metricsOf(job),
    urls,
  }).slice(1);
  return `${head},"input":${input},"output":${output},${rest}`;
}

function modelOf(job: Job, owner: string): { readonly model: string; readonly version: string } {
  const { model, version } = remembered(job) ?? { model: `${owner}/${job.type}`, version: null };
  return { model, version: version ?? job.type };
}

export function urlsOf(base: string, id: string): Urls {
  return { get: `${base}/v1/predictions/${id}`, cancel: `${base}/v1/predictions/${id}/cancel` };
}

/** Set exactly when the job ended badly and nobody asked for that. */
export function errorOf(job: Pick<Job, 'state' | 'error'>): string | null {
  if (!isFinal(job.state) || job.state === 'succeeded' || job.state === 'cancelled') return null;
  return (
    job.error?.message ?? (job.state === 'expired' ? 'The prediction was not done in time.' : 'Prediction failed.')
  );
}

/** Seconds. */
function metricsOf({ createdAt, startedAt, finishedAt }: Job) {
  if (finishedAt === null) return {};
  const seconds = (from: number) => Math.max(0, finishedAt - from) / 1_000;
  const total = { total_time: seconds(createdAt) };
  return startedAt === null ? total : { predict_time: seconds(startedAt), ...total };
}

const NULL = 'null';

/**
 * The output as JSON text: the result; where it is none, the list of what the run emitted, as models that yield have it; null while
 * there is neither. Text is a string, and any other bytes are a data URL, which the vendor's client opens as a file.
 */
export function outputText(job: Pick<Job, 'state' | 'fence'>, result: JobResult, chunks: readonly LogLine[]): string {
  if (result.kind === 'bytes') return JSON.stringify(fileText(result.contentType, result.bytes));
  if (result.kind === 'json' && result.text.trim() !== NULL) return result.text;
  const run = chunks.filter(({ fence }) => fence === job.fence);
  return run.length === 0 ? NULL : `[${run.map(({ line }) => line).join(',')}]`;
}

function fileText(contentType: string, bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (/^text\//i.test(contentType)) return buffer.toString('utf8');
  return `data:${contentType};base64,${buffer.toString('base64')}`;
}

/** What all attempts have said, a line each. */
export function logsText(lines: readonly LogLine[]): string {
  return lines.map(({ line, fields }) => `${line}${fields === null ? '' : ` ${fields}`}\n`).join('');
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

// --- Errors ---------------------------------------------------------------------------------------------------------------

const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404, conflict: 422 };

const TITLES: Readonly<Record<ErrorKind, string>> = {
  invalid: 'Bad request',
  unauthorized: 'Unauthenticated',
  forbidden: 'Permission denied',
  not_found: 'Not found',
  gone: 'Not found',
  method: 'Method not allowed',
  conflict: 'Conflict',
  unprocessable: 'Input validation failed',
  too_large: 'Request too large',
  headers_too_large: 'Request headers too large',
  too_slow: 'Request timeout',
  media_type: 'Unsupported media type',
  quota: 'Too many requests',
  busy: 'Service unavailable',
  unavailable: 'Service unavailable',
  internal: 'Internal server error',
};

export function errorBody(kind: ErrorKind, message: string): ErrorAnswer {
  const status = STATUSES[kind];
  return { status, body: { title: TITLES[kind], detail: message, status } satisfies ErrorBody };
}
