/**
 * Translates what PostgreSQL and the socket say into Bide's errors: by SQLSTATE and errno, never by text (texts are
 * translated into the server's language). The one place of this engine where it happens.
 *
 * `isConnectionLoss` and `isTransient` tell what may be tried again; see `repeat.ts` for what is, and why that is safe.
 */
import { BideError, type ErrorCode } from '../../../core/errors.ts';

/** Thrown by a lane for everything whose answer will never come; `wasSent` tells whether the server may have done it. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly wasSent: boolean;
  /** When the connection was made, by the steady counter. */
  readonly openedAt: number;

  constructor(wasSent: boolean, cause: unknown, openedAt = Number.POSITIVE_INFINITY) {
    super('The connection to the database was lost.', { cause });
    this.wasSent = wasSent;
    this.openedAt = openedAt;
  }
}

interface Meaning {
  readonly code: ErrorCode;
  readonly detail: string;
}

const UNAVAILABLE = (detail: string): Meaning => ({ code: 'STORE_UNAVAILABLE', detail });
/** What no waiting cures. */
const UNFIT = (detail: string): Meaning => ({ code: 'STORE_UNFIT', detail });

const BY_STATE: Readonly<Record<string, Meaning>> = {
  '08P01': UNFIT('A pooler in between refuses sessions: run with notifications off.'),
  '25006': { code: 'STORE_READ_ONLY', detail: 'The database takes no writes: a standby, or set to read only.' },
  '53100': { code: 'STORE_FULL', detail: 'The disk of the database is full.' },
  '53200': UNAVAILABLE('The database is out of memory.'),
  '53300': UNAVAILABLE('The database has no free connection: raise max_connections, or lower `connections`.'),
  '53400': UNAVAILABLE('The database has reached a limit of its configuration.'),
  '55P03': UNAVAILABLE('Another session holds a lock on the rows for too long.'),
  '57014': UNAVAILABLE('The statement took longer than its timeout.'),
  '57P01': UNAVAILABLE('The database ended the connection.'),
  '57P02': UNAVAILABLE('The database crashed and is recovering.'),
  '57P03': UNAVAILABLE('The database is starting up or shutting down.'),
  '57P04': UNAVAILABLE('The database was dropped.'),
  '57P05': UNAVAILABLE('The database ended an idle connection.'),
  '58030': UNAVAILABLE('The database could not read or write a file.'),
  '28000': UNFIT('The database refused the user.'),
  '28P01': UNFIT('The database refused the password.'),
  '3D000': UNFIT('There is no database of this name on the server.'),
  '3F000': UNFIT('The schema does not exist: run `bide migrate`.'),
  '42P01': UNFIT('A table does not exist: run `bide migrate`, or `bide doctor` to see what is there.'),
  '42703': UNFIT('A column does not exist: run `bide migrate`, or `bide doctor` to see what is there.'),
  '42501': UNFIT(
    'The database user may not do what Bide needs. It should own the schema: CREATE SCHEMA bide AUTHORIZATION …, or ALTER … OWNER TO … for what is there.',
  ),
  '40001': UNAVAILABLE('The transaction kept colliding with others.'),
  '40P01': UNAVAILABLE('The transaction kept deadlocking with others.'),
  XX001: { code: 'STORE_DAMAGED', detail: 'The database reports damaged data.' },
  XX002: { code: 'STORE_DAMAGED', detail: 'The database reports a damaged index.' },
};

/** SQLSTATEs after which the session is over, whatever was running in it. */
const SESSION_OVER: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '25P04']);

const SOCKET_ERRNOS: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ENOENT',
  'EACCES',
  'EMFILE',
  'ENFILE',
]);

/**
 * Deadlocks and serialization failures rolled the statement back as a whole. A server that takes no writes any more has not
 * begun; the next try looks for the one that does. The other three come from named statements that a migration or a pooler
 * pulled from under us (changed result type, unknown or already existing statement): nothing ran.
 */
const READ_ONLY = '25006';
const TRANSIENT: ReadonlySet<string> = new Set(['40001', '40P01', READ_ONLY, '0A000', '26000', '42P05']);

/** The code of a driver error: a SQLSTATE or an errno; null for anything else. */
export function driverCodeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Whether the session that answered so is over. */
export function isSessionOver(error: unknown): boolean {
  const code = driverCodeOf(error);
  return code !== null && (SESSION_OVER.has(code) || code.startsWith('08') || SOCKET_ERRNOS.has(code));
}

/** Whether the server takes no writes: a standby, or a primary that was set to read only. */
export function isReadOnly(error: unknown): boolean {
  return driverCodeOf(error) === READ_ONLY;
}

/** Whether the statement certainly did nothing and may well succeed when sent again. */
export function isTransient(error: unknown): boolean {
  const code = driverCodeOf(error);
  return code !== null && TRANSIENT.has(code);
}

/** Whether an insert met a job with the same id. */
export function isTakenId(error: unknown): boolean {
  return driverCodeOf(error) === '23505' && (error as { constraint?: unknown }).constraint === 'jobs_by_id';
}

/** Whether a statement ended its transaction because it did not find what it was to find: see `group-statements.ts`. A division by zero, which no other one makes. */
export function isRefused(error: unknown): boolean {
  return driverCodeOf(error) === '22012';
}

/** Whether named statements of this connection can no longer be trusted. */
export function isStatementStale(error: unknown): boolean {
  const code = driverCodeOf(error);
  return code === '0A000' || code === '26000' || code === '42P05';
}

/** The error to show for `error`; a `BideError` passes through. */
export function storeErrorOf(error: unknown): BideError {
  if (error instanceof BideError) return error;
  const cause = error instanceof ConnectionLost && error.cause !== undefined ? error.cause : error;
  if (cause instanceof BideError) return cause;
  const meaning = meaningOf(driverCodeOf(cause));
  if (meaning !== null) return new BideError(meaning.code, meaning.detail, {}, { cause });
  if (error instanceof ConnectionLost) return new BideError('STORE_UNAVAILABLE', undefined, {}, { cause });
  return new BideError('INTERNAL', undefined, {}, { cause });
}

function meaningOf(code: string | null): Meaning | null {
  if (code === null) return null;
  const known = BY_STATE[code];
  if (known !== undefined) return known;
  if (code.startsWith('08') || SOCKET_ERRNOS.has(code)) return UNAVAILABLE('The database cannot be reached.');
  if (code.startsWith('53') || code.startsWith('57')) return UNAVAILABLE('The database cannot answer at the moment.');
  return null;
}
