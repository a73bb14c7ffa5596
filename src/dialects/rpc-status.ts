/** What Google's APIs, and those modelled on them, call each kind of error: `google.rpc.Code`. A dialect names what its specification says otherwise, and nothing else. */
import type { ErrorKind } from '../core/errors.ts';

export const RPC_STATUS = Object.freeze({
  invalid: 'INVALID_ARGUMENT',
  unauthorized: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  gone: 'NOT_FOUND',
  method: 'UNIMPLEMENTED',
  conflict: 'FAILED_PRECONDITION',
  unprocessable: 'INVALID_ARGUMENT',
  too_large: 'INVALID_ARGUMENT',
  headers_too_large: 'INVALID_ARGUMENT',
  too_slow: 'DEADLINE_EXCEEDED',
  media_type: 'INVALID_ARGUMENT',
  quota: 'RESOURCE_EXHAUSTED',
  busy: 'UNAVAILABLE',
  unavailable: 'UNAVAILABLE',
  internal: 'INTERNAL',
} as const satisfies Readonly<Record<ErrorKind, string>>);

export const ERROR_INFO_TYPE = 'type.googleapis.com/google.rpc.ErrorInfo';
