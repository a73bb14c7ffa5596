/** Files as the vendor says them. Pure. */
import { BideError } from '../../../core/errors.ts';
import type { StoredFile } from '../../../engine/api.ts';
import { invalidParam } from '../errors.ts';
import { FILE_IDS } from '../named-ids.ts';
import { EXPIRES_SECONDS_MAX, EXPIRES_SECONDS_MIN, type FileObject } from './wire.ts';

export function fileBody({ id, bytes, createdAt, expiresAt, name, purpose }: StoredFile): FileObject {
  return {
    id: FILE_IDS.of(id),
    object: 'file',
    bytes,
    created_at: seconds(createdAt),
    expires_at: seconds(expiresAt),
    filename: name,
    purpose,
    status: 'processed',
    status_details: null,
  };
}

export function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** A file of somebody else, one that is gone and one that never was are one answer. */
export function noFile(id: string, param = 'id'): BideError {
  return new BideError('FILE_NOT_FOUND', `No such File object: ${id.slice(0, 100)}`, { param });
}

/** How long something is kept that says so. @param name of the parameter */
export function retainMsOf(name: string, anchor: unknown, given: unknown): number {
  if (anchor !== 'created_at')
    throw invalidParam(`${name}[anchor]`, `Invalid value for '${name}[anchor]': it must be created_at.`);
  const count = typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : given;
  if (Number.isSafeInteger(count) && Number(count) >= EXPIRES_SECONDS_MIN && Number(count) <= EXPIRES_SECONDS_MAX)
    return Number(count) * 1_000;
  const range = `a whole number from ${EXPIRES_SECONDS_MIN} to ${EXPIRES_SECONDS_MAX}`;
  throw invalidParam(`${name}[seconds]`, `Invalid value for '${name}[seconds]': it must be ${range}.`);
}
