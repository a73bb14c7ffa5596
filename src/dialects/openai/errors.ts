/** Whatever goes wrong, as OpenAI says it: `{error: {message, type, param, code}}`. Its clients make their classes of the status. */
import { BideError, ERRORS, type ErrorCode, type ErrorKind } from '../../core/errors.ts';
import type { ErrorAnswer } from '../../http/dialect.ts';
import { HTTP_STATUS, type StatusTable } from '../http-status.ts';
import type { ErrorBody } from './wire.ts';

const STATUSES: StatusTable = { ...HTTP_STATUS, gone: 404, unprocessable: 400 };

const REQUEST = 'invalid_request_error';
const SERVER = 'server_error';
const LIMIT = 'rate_limit_error';

/** By kind: `type`, and `code` where the error has none of its own. */
const WORDS: Readonly<Record<ErrorKind, readonly [type: string, code: string | null]>> = {
  invalid: [REQUEST, null],
  unauthorized: [REQUEST, 'invalid_api_key'],
  forbidden: [REQUEST, 'missing_scope'],
  not_found: [REQUEST, null],
  gone: [REQUEST, null],
  method: [REQUEST, 'method_not_supported'],
  conflict: [REQUEST, 'conflict'],
  unprocessable: [REQUEST, null],
  too_large: [REQUEST, 'request_too_large'],
  headers_too_large: [REQUEST, 'request_too_large'],
  too_slow: [REQUEST, 'request_timeout'],
  media_type: [REQUEST, 'unsupported_content_type'],
  quota: [LIMIT, 'rate_limit_exceeded'],
  busy: [SERVER, 'server_is_overloaded'],
  unavailable: [SERVER, 'service_unavailable'],
  internal: [SERVER, 'internal_error'],
};

const CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  TYPE_NOT_FOUND: 'model_not_found',
  MALFORMED_JSON: 'invalid_json',
  ROUTE_NOT_FOUND: 'unknown_url',
};

export function errorBody(kind: ErrorKind, message: string): ErrorAnswer {
  const [type, code] = WORDS[kind];
  return { status: STATUSES[kind], body: { error: { message, type, param: null, code } } satisfies ErrorBody };
}

/** With the parameter and the code of this very error, where it has them. */
export function refusal(error: BideError): ErrorAnswer {
  const message = error.kind === 'internal' ? ERRORS.INTERNAL.title : error.message;
  const { status, body } = errorBody(error.kind, message);
  const { param, code } = error.details;
  return {
    status,
    body: {
      error: {
        ...(body as ErrorBody).error,
        ...(typeof param === 'string' ? { param } : {}),
        ...(typeof code === 'string' ? { code } : CODES[error.code] === undefined ? {} : { code: CODES[error.code] }),
      },
    },
  };
}

/** A parameter that is wrong. */
export function invalidParam(param: string, message: string, code: string | null = 'invalid_value'): BideError {
  return new BideError('INVALID_REQUEST', message, { param, ...(code === null ? {} : { code }) });
}

/** A parameter that this server, or this model, does nothing with: to leave it out silently would be another answer. */
export function unsupportedParam(param: string, message: string): BideError {
  return invalidParam(param, message, 'unsupported_parameter');
}
