/** What both standards say of a job and of an error: words, codes, times. Pure and total. */
import type { BideError, ErrorKind } from '../../core/errors.ts';
import { ERRORS } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { ShownState } from '../../core/state.ts';
import type { ErrorAnswer } from '../../http/dialect.ts';
import { errorOfKind } from '../fault.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import { ERROR_INFO_TYPE, RPC_STATUS } from '../rpc-status.ts';
import { RPC_CODES, type RpcCode, type StatusWord } from './wire.ts';

export const DIALECT = 'lro';

export const WORDS: Readonly<Record<ShownState, StatusWord>> = {
  scheduled: 'NotStarted',
  queued: 'NotStarted',
  // It has been running before, and a client that saw so must not see it go back.
  retrying: 'Running',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Canceled',
  expired: 'Failed',
};

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The id behind `operations/{id}`. */
export function operationName(id: string): string {
  return `operations/${id}`;
}

export interface JobFailure {
  readonly code: string;
  readonly message: string;
  readonly rpc: RpcCode;
}

/** Why the job has no result; null unless it ended without one. */
export function failureOf(job: Pick<Job, 'state' | 'error'>): JobFailure | null {
  const { code = 'HANDLER_FAILED', message = 'The job failed.' } = job.error ?? {};
  switch (job.state) {
    case 'failed':
      return { code, message: message || code, rpc: FAILURES[code] ?? 'UNKNOWN' };
    case 'cancelled':
      return { code: 'CANCELLED', message: 'The job was cancelled.', rpc: 'CANCELLED' };
    case 'expired':
      return {
        code: job.error?.code ?? 'DEADLINE_PASSED',
        message: job.error?.message || ERRORS.DEADLINE_PASSED.title,
        rpc: 'DEADLINE_EXCEEDED',
      };
    default:
      return null;
  }
}

/** Failures that say more than that the handler's own code knows. */
const FAILURES: Readonly<Record<string, RpcCode>> = {
  ATTEMPT_TIMED_OUT: 'DEADLINE_EXCEEDED',
  DEADLINE_PASSED: 'DEADLINE_EXCEEDED',
  WORKER_LOST: 'UNAVAILABLE',
  UPSTREAM_UNREACHABLE: 'UNAVAILABLE',
  UPSTREAM_REFUSED: 'PERMISSION_DENIED',
  SQL_REFUSED: 'PERMISSION_DENIED',
  SQL_TOO_MANY_ROWS: 'RESOURCE_EXHAUSTED',
};

// --- Refusals -------------------------------------------------------------------------------------------------------------

/** Whoever must not know that there was a job is told the same as whoever had one that is gone. */
const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404 };
const GOOGLE_STATUSES: StatusTable = { ...STATUSES, unprocessable: 400 };

const GOOGLE_CODES: Readonly<Record<ErrorKind, RpcCode>> = { ...RPC_STATUS, conflict: 'ALREADY_EXISTS' };

export function errorBody(kind: ErrorKind, message: string, url = ''): ErrorAnswer {
  if (isAzure(url)) return azureRefusal(errorOfKind(kind, message));
  return googleAnswer(GOOGLE_STATUSES[kind], GOOGLE_CODES[kind], message || kind);
}

export function refusal(error: BideError, url: string): ErrorAnswer {
  return isAzure(url) ? azureRefusal(error) : googleRefusal(error);
}

/** The base URL tells the two standards apart. */
function isAzure(url: string): boolean {
  return /^\/azure(?:[/?]|$)/.test(url);
}

/** As Google says it, with our code as the reason (AIP-193). */
function googleRefusal(error: BideError): ErrorAnswer {
  const details = [{ '@type': ERROR_INFO_TYPE, reason: error.code, domain: 'bide' }];
  const message = messageOf(error);
  // The state of the operation is in the way, which is no conflict between callers.
  if (error.code === 'WRONG_STATE') return googleAnswer(400, 'FAILED_PRECONDITION', message, details);
  const kind = kindOf(error);
  return googleAnswer(GOOGLE_STATUSES[kind], GOOGLE_CODES[kind], message, details);
}

/** A type stands in the path here, and a key that stands for another request is in conflict with it. */
function kindOf({ code, kind }: BideError): ErrorKind {
  if (code === 'TYPE_UNKNOWN') return 'not_found';
  return code === 'IDEMPOTENCY_MISMATCH' ? 'conflict' : kind;
}

function googleAnswer(code: number, status: RpcCode, message: string, details?: readonly object[]): ErrorAnswer {
  return { status: code, body: { error: { code, message, status, ...(details === undefined ? {} : { details }) } } };
}

/** As Azure says it: the code in the body and in a header. */
function azureRefusal(error: BideError): ErrorAnswer {
  return azureAnswer(STATUSES[kindOf(error)], azureCode(error.code), messageOf(error));
}

export function azureAnswer(status: number, code: string, message: string): ErrorAnswer {
  return { status, body: { error: { code, message } }, headers: { 'x-ms-error-code': code } };
}

/** `JOB_NOT_FOUND` is `JobNotFound`; what a handler spells in its own way stays as it is. */
export function azureCode(code: string): string {
  if (!/^[A-Z][A-Z_]*$/.test(code)) return code || 'Failed';
  return code
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

/** Of what nobody foresaw the caller learns nothing but that it happened. */
function messageOf(error: BideError): string {
  return error.kind === 'internal' ? ERRORS.INTERNAL.title : error.message || ERRORS[error.code].title;
}

/** The number of a code. */
export function rpcNumber(code: RpcCode): number {
  return RPC_CODES[code];
}
