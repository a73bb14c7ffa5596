/** Between Bide and the vendor, purely: states, outputs as pg-boss stores them, and errors as boom. */

import { attemptsOf } from '../../core/attempts.ts';
import type { ErrorKind } from '../../core/errors.ts';
import type { EndedAttempt, Job, Json } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import { workingState } from '../../core/signals.ts';
import type { ShownState } from '../../core/state.ts';
import type { JobResult } from '../result-of.ts';
import type { Boom, FoundJob, JobStatus, State } from './wire.ts';

export const DIALECT = 'immuta';
export const BULK_TAG = 'immuta.bulkId';
export const CONNECTION_TAG = 'immuta.connectionString';
export const KEY_TAG = 'immuta.connectionKey';

export const STATES_OF: Readonly<Record<ShownState, State>> = {
  scheduled: 'created',
  queued: 'created',
  retrying: 'retry',
  running: 'active',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
};

/** The shown states behind one of the vendor's. */
export function shownStatesOf(state: State): readonly ShownState[] {
  return (Object.keys(STATES_OF) as ShownState[]).filter((shown) => STATES_OF[shown] === state);
}

export function jobStatus(job: Job, result: JobResult, shown: ShownState): JobStatus {
  return { id: job.id, state: STATES_OF[shown], output: outputOf(job, result) };
}

export function foundJob(job: Job, result: JobResult, now: number): FoundJob {
  return {
    ...jobStatus(job, result, workingState(job, now)),
    jobType: job.type,
    createdOn: new Date(job.createdAt).toISOString(),
    completedOn: job.finishedAt === null ? null : new Date(job.finishedAt).toISOString(),
  };
}

type Output = JobStatus['output'];

/** What pg-boss would have in its `output` column: the result, the last error, or nothing. */
function outputOf(job: Job, result: JobResult): Output {
  if (job.state === 'succeeded') return resultOutput(result);
  const failure = lastThrown(job);
  return failure === undefined ? null : thrownOutput(failure, stackOf(job));
}

function resultOutput(result: JobResult): Output {
  if (result.kind === 'none') return null;
  if (result.kind === 'json') return boxed(result.value);
  return { value: Buffer.from(result.bytes).toString('base64'), contentType: result.contentType };
}

/** Objects stay, null stays, everything else goes into a box. */
function boxed(value: Json): Output {
  if (value === null) return null;
  return isObject(value) ? value : { value };
}

/** Codes that stand for something that happened to the handler: pg-boss writes no output for those. */
const NOT_THROWN: ReadonlySet<string> = new Set(['ATTEMPT_TIMED_OUT', 'DEADLINE_PASSED']);

type Thrown = NonNullable<EndedAttempt['error']>;

/** The newest failure that a handler threw: neither a time limit nor a cancel overwrites it. */
function lastThrown(job: Job): Thrown | undefined {
  // A job that was run again by hand has numbers that begin anew.
  const attempts = attemptsOf(job);
  const first = attempts.findLastIndex(({ number }) => number === 1);
  const errors = attempts.slice(Math.max(0, first)).map(({ error }) => error);
  return errors.findLast((error) => error !== null && !NOT_THROWN.has(error.code)) ?? undefined;
}

function thrownOutput(failure: Thrown, stack: string | null): Output {
  const { code, message } = failure;
  return { name: 'Error', message, stack: stack ?? `Error: ${message}`, code };
}

function stackOf(job: Job): string | null {
  const details = job.error?.details ?? null;
  if (!isObject(details) || typeof details.stack !== 'string') return null;
  return NOT_THROWN.has(job.error?.code ?? '') ? null : details.stack;
}

/** Status and reason phrase of each kind. A removed job is to this vendor's clients as one that never was. */
const BOOMS: Readonly<Record<ErrorKind, { readonly status: number; readonly reason: string }>> = {
  invalid: { status: 400, reason: 'Bad Request' },
  unauthorized: { status: 401, reason: 'Unauthorized' },
  forbidden: { status: 403, reason: 'Forbidden' },
  not_found: { status: 404, reason: 'Not Found' },
  gone: { status: 404, reason: 'Not Found' },
  method: { status: 405, reason: 'Method Not Allowed' },
  conflict: { status: 409, reason: 'Conflict' },
  unprocessable: { status: 422, reason: 'Unprocessable Entity' },
  too_large: { status: 413, reason: 'Request Entity Too Large' },
  headers_too_large: { status: 431, reason: 'Request Header Fields Too Large' },
  too_slow: { status: 408, reason: 'Request Time-out' },
  media_type: { status: 415, reason: 'Unsupported Media Type' },
  quota: { status: 429, reason: 'Too Many Requests' },
  busy: { status: 503, reason: 'Service Unavailable' },
  unavailable: { status: 503, reason: 'Service Unavailable' },
  internal: { status: 500, reason: 'Internal Server Error' },
};

export function errorBody(kind: ErrorKind, message: string): { readonly status: number; readonly body: Boom } {
  const { status, reason } = BOOMS[kind];
  const said = kind === 'internal' ? 'An internal server error occurred' : message;
  return { status, body: { statusCode: status, error: reason, message: said } };
}
