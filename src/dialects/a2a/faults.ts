/** What goes wrong, as A2A names it: reasons, HTTP statuses, codes of JSON-RPC. Pure. */
import { type BideError, ERRORS, type ErrorKind } from '../../core/errors.ts';
import type { ErrorAnswer } from '../../http/dialect.ts';
import { errorOfKind } from '../fault.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import { ERROR_INFO_TYPE, RPC_STATUS } from '../rpc-status.ts';

interface Fault {
  readonly rpc: number;
  readonly http: number;
  /** Of `google.rpc.Code`. */
  readonly status: string;
}

/** Of the specification's own errors; the others go by their kind. */
const REASONS = {
  TASK_NOT_FOUND: { rpc: -32_001, http: 404, status: 'NOT_FOUND' },
  TASK_NOT_CANCELABLE: { rpc: -32_002, http: 409, status: 'FAILED_PRECONDITION' },
  UNSUPPORTED_OPERATION: { rpc: -32_004, http: 400, status: 'UNIMPLEMENTED' },
  CONTENT_TYPE_NOT_SUPPORTED: { rpc: -32_005, http: 415, status: 'INVALID_ARGUMENT' },
  VERSION_NOT_SUPPORTED: { rpc: -32_009, http: 400, status: 'UNIMPLEMENTED' },
  INVALID_PARAMS: { rpc: -32_602, http: 400, status: 'INVALID_ARGUMENT' },
} as const satisfies Readonly<Record<string, Fault>>;
type Reason = keyof typeof REASONS;

const METHOD_NOT_FOUND = -32_601;
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;
/** Of the server, in the range that JSON-RPC leaves to it: HTTP says the rest. */
const SERVER_ERROR = -32_000;

const OWN_DOMAIN = 'bide';
const DOMAIN = 'a2a-protocol.org';

/** A client that does not know the input of a skill is told so as one that has the form wrong. */
const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404, unprocessable: 400 };

/** Put into the details of an error that the specification has a name for. */
export function because(reason: Reason): { readonly reason: Reason } {
  return { reason };
}

function reasonOf({ code, kind, details: { reason } }: BideError): Reason | null {
  if (typeof reason === 'string' && Object.hasOwn(REASONS, reason)) return reason as Reason;
  if (code === 'JOB_NOT_FOUND' || code === 'JOB_GONE') return 'TASK_NOT_FOUND';
  if (kind === 'media_type') return 'CONTENT_TYPE_NOT_SUPPORTED';
  return kind === 'invalid' || kind === 'unprocessable' ? 'INVALID_PARAMS' : null;
}

/** Of the HTTP binding: `google.rpc.Status` with an ErrorInfo. */
export function httpError(error: BideError): ErrorAnswer {
  const reason = reasonOf(error);
  const { http, status } =
    reason === null ? { http: STATUSES[error.kind], status: RPC_STATUS[error.kind] } : REASONS[reason];
  const details = [infoOf(error, reason)];
  return {
    status: http,
    body: { error: { code: http, status, message: messageOf(error), details } },
    headers: challengeOf(error),
  };
}

export type RpcId = string | number | null;

/**
 * Of the JSON-RPC binding. What HTTP has a status for that clients and proxies go by (no key, too large, come again) has it here too; all else
 * is an answer, and 200.
 */
export function rpcError(error: BideError, id: RpcId): ErrorAnswer {
  const reason = reasonOf(error);
  const data = [infoOf(error, reason)];
  const body = { jsonrpc: '2.0', id, error: { code: rpcCode(error, reason), message: messageOf(error), data } };
  return { status: TOLD_BY_HTTP.has(error.kind) ? STATUSES[error.kind] : 200, body, headers: challengeOf(error) };
}

const TOLD_BY_HTTP: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  ...(['unauthorized', 'forbidden', 'method', 'too_large', 'headers_too_large', 'too_slow', 'media_type'] as const),
  ...(['quota', 'busy', 'unavailable', 'internal'] as const),
]);

function rpcCode({ code, kind, details }: BideError, reason: Reason | null): number {
  if (code === 'MALFORMED_JSON' || code === 'NUMBER_INEXACT') return PARSE_ERROR;
  if (details.rpc === 'request') return INVALID_REQUEST;
  if (reason !== null) return REASONS[reason].rpc;
  if (code === 'ROUTE_NOT_FOUND' || kind === 'method') return METHOD_NOT_FOUND;
  return kind === 'internal' ? INTERNAL_ERROR : SERVER_ERROR;
}

function infoOf({ code }: BideError, reason: Reason | null): object {
  return reason === null
    ? { '@type': ERROR_INFO_TYPE, reason: code, domain: OWN_DOMAIN }
    : { '@type': ERROR_INFO_TYPE, reason, domain: DOMAIN, metadata: { code } };
}

function challengeOf({ kind }: BideError): Record<string, string> {
  return kind === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="bide"' } : {};
}

/** Of what nobody foresaw the caller learns nothing but that it happened. */
function messageOf(error: BideError): string {
  return error.kind === 'internal' ? ERRORS.INTERNAL.title : error.message || ERRORS[error.code].title;
}

export function errorBody(kind: ErrorKind, message: string): ErrorAnswer {
  return httpError(errorOfKind(kind, message));
}
