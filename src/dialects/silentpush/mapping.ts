/**
 * Jobs to bodies and errors to bodies, in the vendor's words. Pure and total: any job of any dialect, any result.
 *
 * What the vendor's shape needs and a job does not have (result key, page, metadata flag) is kept in the job's origin. A job
 * that came another way is shown as a search for `records` without a page.
 */
import { type Static, Type } from 'typebox';
import type { ErrorKind } from '../../core/errors.ts';
import type { Job, Json } from '../../core/job.ts';
import { isObject, textOf } from '../../core/json-object.ts';
import type { ShownState } from '../../core/state.ts';
import type { ErrorAnswer } from '../../http/dialect.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import { originReader } from '../origin-reader.ts';
import type { Envelope, JobStatus, Metadata, StatusWord } from './wire.ts';

export const NAME = 'silentpush';

export const WORDS: Readonly<Record<ShownState, StatusWord>> = {
  scheduled: 'PENDING',
  queued: 'PENDING',
  retrying: 'RETRY',
  running: 'STARTED',
  succeeded: 'SUCCESS',
  failed: 'FAILURE',
  cancelled: 'REVOKED',
  expired: 'FAILURE',
};

/** What the dialect remembers of the request that made a job. */
const Asked = Type.Object({
  resultKey: Type.String(),
  queryName: Type.String(),
  limit: Type.Integer({ minimum: 0 }),
  skip: Type.Integer({ minimum: 0 }),
  withMetadata: Type.Boolean(),
});
export type Asked = Readonly<Static<typeof Asked>>;

const remembered = originReader(NAME, Asked);

/** Rows of one answer, and how many there are at least. */
export interface Page {
  readonly rows: readonly unknown[];
  readonly total: number;
}

export const JOB_NOT_FOUND = 'job not found';
const REVOKED = 'job revoked';
const AUTHORIZATION_FAILED = 'Authorization failed: missing or invalid X-API-KEY';
const RATE_LIMITED = 'rate limit exceeded';

const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404, unprocessable: 400 };

export function askedOf(job: Pick<Job, 'origin' | 'type'>): Asked {
  const asked = remembered(job);
  if (asked !== null) return asked;
  return { resultKey: 'records', queryName: job.type, limit: Number.MAX_SAFE_INTEGER, skip: 0, withMetadata: false };
}

export function jobStatus(id: string, word: StatusWord, baseUrl: string): JobStatus {
  return { get: `${baseUrl}/api/v1/merge-api/explore/job/${id}`, job_id: id, status: word };
}

export function envelope(response: Envelope['response']): Envelope {
  return { status_code: 200, error: null, response };
}

/** A result request on a job that ended without one: 200 on the outside, since only a status code inside makes every client stop. */
export function failure(message: string): Envelope {
  return { status_code: 500, error: message, response: { error: message } };
}

export function failureMessage(job: Pick<Job, 'state' | 'error'>): string {
  return job.state === 'cancelled' ? REVOKED : (job.error?.message ?? 'job failed');
}

/** The members of a result answer: the metadata, where wanted, before the rows. */
export function resultMembers(job: Job, page: Page, hasMetadata: boolean): Record<string, unknown> {
  const asked = askedOf(job);
  const rows = { [asked.resultKey]: page.rows };
  return hasMetadata ? { metadata: metadataOf(job, asked, page), ...rows } : rows;
}

/**
 * The page of a result. An array holds all rows there are, and the page is cut out of it; `{rows, total}` is a page that the
 * handler has cut, `{columns, rows}` a table of all rows. Anything else is one row.
 */
export function pageOf(result: Json, asked: Pick<Asked, 'limit' | 'skip'>): Page {
  if (result === null) return { rows: [], total: 0 };
  if (isRows(result)) return cut(result, asked);
  const table = tableOf(result);
  if (table !== null) return cut(table, asked);
  const cutByHandler = handlersPage(result, asked);
  return cutByHandler ?? cut([result], asked);
}

export function errorBody(kind: ErrorKind, message: string): ErrorAnswer {
  const status = STATUSES[kind];
  const error = errorText(kind, message);
  // Some clients read one of the two members, some the other.
  return { status, body: { status_code: status, error, errors: [error], response: {} } satisfies Envelope };
}

function errorText(kind: ErrorKind, message: string): string {
  if (kind === 'unauthorized') return AUTHORIZATION_FAILED;
  if (kind === 'quota') return RATE_LIMITED;
  if (kind === 'gone') return JOB_NOT_FOUND;
  if (kind === 'forbidden' && !message.includes('Forbidden')) return `Forbidden: ${message}`;
  return message === '' ? kind : message;
}

function metadataOf(job: Job, asked: Asked, page: Page): Metadata {
  return {
    job_id: job.id,
    query_name: asked.queryName,
    results_returned: page.rows.length,
    results_total_at_least: page.total,
    timestamp: Math.floor((job.finishedAt ?? job.createdAt) / 1_000),
    with_metadata: asked.withMetadata ? 1 : 0,
  };
}

function cut(rows: readonly unknown[], asked: Pick<Asked, 'limit' | 'skip'>): Page {
  return { rows: rows.slice(asked.skip, asked.skip + asked.limit), total: rows.length };
}

function handlersPage(result: Json, asked: Pick<Asked, 'limit' | 'skip'>): Page | null {
  if (!isObject(result) || !isRows(result.rows)) return null;
  const rows = result.rows.slice(0, asked.limit);
  const total = result.total;
  const seen = rows.length === 0 ? 0 : asked.skip + rows.length;
  return { rows, total: Number.isSafeInteger(total) ? Math.max(total as number, seen) : seen };
}

/** The rows of `{columns, rows}` as objects; null where it is no such table. */
function tableOf(result: Json): readonly unknown[] | null {
  if (!isObject(result) || !isRows(result.rows) || !isRows(result.columns)) return null;
  const columns = result.columns.map(textOf);
  return result.rows.map((row) =>
    isRows(row) ? Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])) : row,
  );
}

function isRows(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
