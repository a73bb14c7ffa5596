/** Why a disk refused a write, where the reason is one that an operator can do something about. */
import { BideError } from '../core/errors.ts';

const CODES: Readonly<Record<string, 'STORE_READ_ONLY' | 'STORE_FULL'>> = {
  EACCES: 'STORE_READ_ONLY',
  EPERM: 'STORE_READ_ONLY',
  EROFS: 'STORE_READ_ONLY',
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
};

const TITLES = { STORE_FULL: 'The disk is full', STORE_READ_ONLY: 'The folder cannot be written' } as const;

/** STORE_FULL or STORE_READ_ONLY with what was to be written and where; null where the error says something else. */
export function writeRefusal(cause: unknown, what: string, path: string): BideError | null {
  const code = CODES[(cause as NodeJS.ErrnoException | null)?.code ?? ''];
  if (code === undefined) return null;
  return new BideError(code, `${TITLES[code]}: ${what} could not be written to ${path}.`, {}, { cause });
}
