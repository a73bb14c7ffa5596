/**
 * What went wrong, in the words that every dialect can translate: a kind and one sentence for the caller.
 *
 * Anything may be thrown inside a dialect: a `BideError`, an error of Fastify or of the HTTP parser, or a bug. The first two
 * say what the caller did; of a bug the caller learns nothing but that it happened, and the cause goes to the log.
 */
import { BideError, ERRORS, type ErrorKind } from '../core/errors.ts';

export interface Fault {
  readonly kind: ErrorKind;
  readonly message: string;
}

/** Kinds by the status that Fastify gives its own errors; the texts stay Fastify's, which name no internals below 500. */
const KINDS_BY_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method',
  408: 'invalid',
  409: 'conflict',
  410: 'gone',
  411: 'invalid',
  413: 'too_large',
  414: 'too_large',
  415: 'media_type',
  422: 'unprocessable',
  429: 'quota',
  431: 'too_large',
  503: 'unavailable',
};

/** The fault of anything thrown. Total; `internal` for what nobody foresaw. */
export function faultOf(error: unknown): Fault {
  if (error instanceof BideError) {
    return { kind: error.kind, message: error.kind === 'internal' ? ERRORS.INTERNAL.title : error.message };
  }
  const status = statusOf(error);
  const kind = status === undefined ? undefined : KINDS_BY_STATUS[status];
  if (kind === undefined || !(error instanceof Error)) return { kind: 'internal', message: ERRORS.INTERNAL.title };
  return { kind, message: error.message };
}

/** Kinds for which a caller does well to come again, and should be told when. */
export function isTransient(kind: ErrorKind): boolean {
  return kind === 'quota' || kind === 'busy' || kind === 'unavailable';
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
