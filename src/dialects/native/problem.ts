/**
 * Errors as `application/problem+json` (RFC 9457): status, a stable `code`, one sentence, and the facts that help to fix it.
 *
 * Total: whatever is thrown becomes a problem. An internal error says nothing but its request id, under which the log has the cause.
 */
import { BideError, ERRORS, type ErrorCode, type ErrorKind } from '../../core/errors.ts';
import type { Issue } from '../../engine/api.ts';
import { HTTP_STATUS } from '../http-status.ts';
import { retryAfterSeconds } from './status.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** Codes whose status says more than their kind does. */
const STATUS_OF_CODE: Partial<Readonly<Record<ErrorCode, number>>> = { RANGE_NOT_SATISFIABLE: 416 };

/** Ms that refused callers are told to stay away. A quota empties as jobs finish; a busy or absent store is back within a second or not soon. */
const STAY_AWAY_MS: Partial<Readonly<Record<ErrorKind, number>>> = { quota: 5_000, busy: 1_000, unavailable: 2_000 };

/** The members that are in every problem; `errors` names the places that are wrong, further members are the facts of the code (none is named like these). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly instance?: string;
  readonly requestId?: string;
  readonly [fact: string]: unknown;
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** @param where the path of the request and its id; left out for an item of a batch. */
export function problemOf(
  error: BideError,
  where?: { readonly path: string; readonly requestId: string },
): ProblemAnswer {
  const { kind, code } = error;
  const isInternal = kind === 'internal';
  const shown: ErrorCode = isInternal ? 'INTERNAL' : code;
  const status = STATUS_OF_CODE[shown] ?? HTTP_STATUS[kind];
  return {
    status,
    headers: headersOf(error),
    body: {
      type: `urn:bide:error:${shown}`,
      title: ERRORS[shown].title,
      status,
      detail: isInternal ? ERRORS.INTERNAL.advice : detailOf(error),
      ...(where === undefined ? {} : { instance: where.path }),
      code: shown,
      ...(where === undefined || status < 500 ? {} : { requestId: where.requestId }),
      ...(isInternal ? {} : error.details),
    },
  };
}

/** An error about a request's form, with the places that are wrong. */
export function invalid(issues: readonly Issue[]): BideError {
  const first = issues[0];
  const place = first === undefined || first.path === '' ? 'The request' : first.path;
  const detail = first === undefined ? undefined : `${place} ${first.message}.`;
  return new BideError('INVALID_REQUEST', detail, { errors: issues });
}

/** The sentence about this very case, and where that is only the title, what to do about it. */
function detailOf(error: BideError): string {
  const { title, advice } = ERRORS[error.code];
  return error.message === title ? advice : error.message;
}

function headersOf(error: BideError): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': `${PROBLEM_TYPE}; charset=utf-8` };
  const stayAwayMs = STAY_AWAY_MS[error.kind];
  if (stayAwayMs !== undefined) headers['retry-after'] = String(retryAfterSeconds(stayAwayMs));
  if (error.kind === 'unauthorized') headers['www-authenticate'] = 'Bearer realm="bide"';
  return headers;
}
