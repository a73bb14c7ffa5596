/** The HTTP status of each kind of error, as HTTP means it. A dialect names what its vendor says otherwise, and nothing else. */
import type { ErrorKind } from '../core/errors.ts';

export type StatusTable = Readonly<Record<ErrorKind, number>>;

export const HTTP_STATUS: StatusTable = Object.freeze({
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  gone: 410,
  method: 405,
  conflict: 409,
  unprocessable: 422,
  too_large: 413,
  headers_too_large: 431,
  too_slow: 408,
  media_type: 415,
  quota: 429,
  busy: 503,
  unavailable: 503,
  internal: 500,
});
