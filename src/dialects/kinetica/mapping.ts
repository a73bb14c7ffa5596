/**
 * Between Bide and the vendor, purely: states and jobs to bodies, errors to statuses and messages.
 *
 * Clients decide by `successful` and `running`, not by the word: the triple is made in one place, so that it always agrees.
 */
import { type Static, Type } from 'typebox';
import type { ErrorKind } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { workingState } from '../../core/signals.ts';
import type { ShownState } from '../../core/state.ts';
import { originReader } from '../origin-reader.ts';
import { type Encoding, wrappedError } from './encoding.ts';
import { END_OF_SET, type GetJobResponse, type StatusWord, type StringMap } from './wire.ts';

export const WORDS: Readonly<Record<ShownState, StatusWord>> = {
  scheduled: 'RUNNING',
  queued: 'RUNNING',
  retrying: 'RUNNING',
  running: 'RUNNING',
  succeeded: 'DONE',
  failed: 'ERROR',
  cancelled: 'CANCELLED',
  expired: 'ERROR',
};

export const DIALECT = 'kinetica';
export const TAG_NAME = 'kinetica.job_tag';

const EncodingName = Type.Unsafe<Encoding>(Type.Enum(['json', 'binary']));

/** What this dialect remembers of the request that made a job. */
const Remembered = Type.Object({
  endpoint: Type.String(),
  encoding: EncodingName,
  isAsync: Type.Boolean(),
  removeOnComplete: Type.Boolean(),
  queryText: Type.String(),
  sourceIp: Type.String(),
  authId: Type.String(),
  offset: Type.Integer({ minimum: 0 }),
  limit: Type.Integer({ minimum: END_OF_SET }),
  /** How the rows of a statement are wanted inside its answer. */
  rowEncoding: EncodingName,
  /** Under which further pages of its statement are asked for; '' where there are none. */
  pagingTable: Type.String(),
  /** Id of the job whose rows this one's page is cut from; null for its own. */
  pageOf: Type.Union([Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }), Type.Null()]),
});
export type Remembered = Readonly<Static<typeof Remembered>>;

export const remembered = originReader(DIALECT, Remembered);

export function endpointOf(job: Pick<Job, 'origin' | 'type'>): string {
  return remembered(job)?.endpoint ?? `/${job.type}`;
}

/** The word for a job now; a cancel that was asked for shows at once, while the work still winds down. */
export function wordOf(
  job: Pick<Job, 'state' | 'attempt' | 'runAt' | 'cancelRequestedAt' | 'marks'>,
  now: number,
): StatusWord {
  if (job.state === 'running' && job.cancelRequestedAt !== null) return 'CANCELLED';
  return WORDS[workingState(job, now)];
}

export type ResultPart = Pick<GetJobResponse, 'job_response' | 'job_response_str'>;

export const NO_RESULT: ResultPart = { job_response: Buffer.alloc(0), job_response_str: '' };

/** The payload of `/get/job`. `result` is read only for a job that is done. */
export function jobBody(job: Job, now: number, result: ResultPart): GetJobResponse {
  const status = wordOf(job, now);
  return {
    endpoint: endpointOf(job),
    job_status: status,
    running: job.state === 'waiting' || job.state === 'running',
    progress: progressOf(job),
    successful: status === 'DONE',
    response_encoding: remembered(job)?.encoding ?? 'json',
    ...(status === 'DONE' ? result : NO_RESULT),
    status_map: status === 'ERROR' ? { error_message: plain(job.error?.message ?? 'The job failed.') } : {},
    info: {},
  };
}

/** 100 means done, and nothing else does. */
function progressOf(job: Pick<Job, 'state' | 'progress'>): number {
  return job.state === 'succeeded' ? 100 : Math.min(99, Math.floor(job.progress.percent));
}

export function infoWithTag(tag: string, queryId: string): StringMap {
  return { job_tag: tag, query_id: queryId };
}

/**
 * Status codes: clients take 200 and 400 and little else. 404 is for unknown endpoints only, 503 only where nothing was done
 * (the same POST comes again), and a missing permission is a 400 like any other refusal.
 */
const STATUSES: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 400,
  not_found: 404,
  gone: 400,
  method: 400,
  conflict: 400,
  unprocessable: 400,
  too_large: 400,
  headers_too_large: 400,
  too_slow: 400,
  media_type: 400,
  quota: 400,
  busy: 400,
  unavailable: 503,
  internal: 500,
};

/** Headers of every answer: browsers may call from any page, and read how long the call took. */
export const CORS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'x-request-time-secs',
};

export function errorBody(kind: ErrorKind, message: string) {
  const said = kind === 'not_found' ? 'Unknown URI' : plain(message);
  const { data: _data, ...rest } = wrappedError(said);
  const { status, message: text, data_type, data_str } = rest;
  return { status: STATUSES[kind], body: { status, message: text, data_type, data: '', data_str }, headers: CORS };
}

/** Texts that clients take as "this node is down", and then fail over or send again. None may occur in an ordinary message. */
const ALARMS = [
  'Connection refused',
  'Connection reset',
  'Kinetica is exiting',
  'Kinetica is offline',
  'system-limited-fatal',
  'Query planner is not running',
  'System shutting down',
  'Unavailable: Draining HA queue',
  'Unexpected end of file from server',
];

/** The message with every alarm said in a way that no client matches, and every person still reads. */
export function plain(message: string): string {
  return ALARMS.reduce((text, alarm) => text.replaceAll(alarm, defused(alarm)), message);
}

function defused(alarm: string): string {
  const lower = alarm.charAt(0).toLowerCase() + alarm.slice(1);
  return lower === alarm ? alarm.replaceAll('-', ' ') : lower;
}
