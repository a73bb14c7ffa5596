/**
 * What was thrown inside of a face, as an error of ours: it may be a `BideError`, an error of Fastify or of the HTTP parser, or a bug.
 * The first two say what the caller did; of a bug the caller learns nothing but that it happened, and the cause goes to the log.
 */
import { BideError, type ErrorCode, type ErrorKind } from '../core/errors.ts';

/** The limit that a body was held against. */
export interface BodyLimit {
  readonly limit: 'bodyBytesMax' | 'resultBytesMax';
  readonly value: number;
}

/** The code that says no more than a kind, for errors that come as a kind and a sentence. */
const CODE_OF_KIND: Readonly<Record<ErrorKind, ErrorCode>> = Object.freeze({
  invalid: 'INVALID_REQUEST',
  unauthorized: 'UNAUTHENTICATED',
  forbidden: 'SCOPE_MISSING',
  not_found: 'ROUTE_NOT_FOUND',
  gone: 'JOB_GONE',
  method: 'METHOD_NOT_ALLOWED',
  conflict: 'WRONG_STATE',
  unprocessable: 'INPUT_INVALID',
  too_large: 'BODY_TOO_LARGE',
  headers_too_large: 'HEADERS_TOO_LARGE',
  too_slow: 'REQUEST_TOO_SLOW',
  media_type: 'MEDIA_TYPE_UNSUPPORTED',
  quota: 'QUOTA_EXCEEDED',
  busy: 'OVERLOADED',
  unavailable: 'STORE_UNAVAILABLE',
  internal: 'INTERNAL',
});

/** Kinds by the status that Fastify gives its own errors; the texts stay Fastify's, which name no internals below 500. */
const KINDS_BY_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method',
  408: 'too_slow',
  409: 'conflict',
  410: 'gone',
  411: 'invalid',
  413: 'too_large',
  414: 'too_large',
  415: 'media_type',
  422: 'unprocessable',
  429: 'quota',
  431: 'headers_too_large',
  503: 'unavailable',
};

/** Total; INTERNAL with its cause for what nobody foresaw. */
export function errorOf(thrown: unknown, bodyLimit: BodyLimit): BideError {
  if (thrown instanceof BideError) return thrown;
  const { code, statusCode } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return tooLarge(bodyLimit);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new BideError('MEDIA_TYPE_UNSUPPORTED', undefined, { accepts: ['application/json'] });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new BideError('INVALID_REQUEST', 'The body is not as long as Content-Length says.');
    default:
      break;
  }
  const kind = typeof statusCode === 'number' ? KINDS_BY_STATUS[statusCode] : undefined;
  if (kind !== undefined && thrown instanceof Error) return errorOfKind(kind, thrown.message);
  return new BideError('INTERNAL', undefined, {}, { cause: thrown });
}

/** The error of a kind, where no better code is known. */
export function errorOfKind(kind: ErrorKind, message: string): BideError {
  return new BideError(CODE_OF_KIND[kind], message);
}

/** Kinds for which a caller does well to come again, and should be told when. */
export function isTransient(kind: ErrorKind): boolean {
  return kind === 'quota' || kind === 'busy' || kind === 'unavailable';
}

function tooLarge({ limit, value }: BodyLimit): BideError {
  return new BideError('BODY_TOO_LARGE', `The body may have at most ${value} bytes (${limit}).`, { limit, value });
}
