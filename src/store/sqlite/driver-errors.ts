/**
 * What SQLite and the file system report, in Bide's words. By code, never by text: the texts change between versions.
 * The only place that knows a driver code.
 */
import { BideError, type ErrorCode } from '../../core/errors.ts';

/** Primary result codes of SQLite; an extended code carries its primary one in the low eight bits. */
const BY_RESULT_CODE: Readonly<Record<number, ErrorCode>> = {
  3: 'STORE_READ_ONLY', // PERM
  5: 'STORE_LOCKED', // BUSY
  6: 'STORE_LOCKED', // LOCKED
  8: 'STORE_READ_ONLY', // READONLY
  10: 'STORE_UNAVAILABLE', // IOERR
  11: 'STORE_DAMAGED', // CORRUPT
  13: 'STORE_FULL', // FULL
  14: 'STORE_UNAVAILABLE', // CANTOPEN
  23: 'STORE_READ_ONLY', // AUTH
  26: 'STORE_DAMAGED', // NOTADB
};

const BY_SYSTEM_CODE: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'STORE_READ_ONLY',
  EPERM: 'STORE_READ_ONLY',
  EROFS: 'STORE_READ_ONLY',
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
};

/** An IOERR that says more: the disk behind the file, not the file. */
const BY_EXTENDED_CODE: Readonly<Record<number, ErrorCode>> = {
  4874: 'STORE_FULL', // IOERR_SHMSIZE: `bide.db-shm` could not be made or grown
  522: 'STORE_DAMAGED', // IOERR_SHORT_READ
  779: 'STORE_DAMAGED', // CORRUPT_INDEX
  8458: 'STORE_DAMAGED', // IOERR_DATA
};

/**
 * @param error anything that a call of the driver or the file system threw
 * @param subject the file or folder in question: operators look for it first
 */
export function storeError(error: unknown, subject: string): BideError {
  if (error instanceof BideError) return error;
  const { code, reason } = diagnosis(error);
  const options = { cause: error };
  switch (code) {
    case 'STORE_FULL':
      return new BideError(code, `${subject} cannot be written: the disk is full.`, {}, options);
    case 'STORE_READ_ONLY':
      return new BideError(code, `${subject} cannot be written.`, {}, options);
    case 'STORE_DAMAGED':
      return new BideError(code, `${subject} is damaged or not a database of Bide.`, {}, options);
    case 'STORE_LOCKED':
      return new BideError(code, `${subject} is locked by another program.`, {}, options);
    case 'STORE_UNAVAILABLE':
      return new BideError(code, `${subject} cannot be read or written (${reason}).`, {}, options);
    default:
      return new BideError('INTERNAL', undefined, {}, options);
  }
}

function diagnosis(error: unknown): { readonly code: ErrorCode; readonly reason: string } {
  if (!(error instanceof Error)) return { code: 'INTERNAL', reason: 'unknown' };
  if ('errcode' in error && typeof error.errcode === 'number') {
    const extended = error.errcode;
    const code = BY_EXTENDED_CODE[extended] ?? BY_RESULT_CODE[extended & 0xff] ?? 'INTERNAL';
    return { code, reason: `SQLite code ${extended}` };
  }
  if ('syscall' in error && 'code' in error && typeof error.code === 'string') {
    return { code: BY_SYSTEM_CODE[error.code] ?? 'STORE_UNAVAILABLE', reason: error.code };
  }
  return { code: 'INTERNAL', reason: 'unknown' };
}
