/**
 * Files as documents: one that says what the file is, and one for each part of its text.
 *
 * They are in the store and not on a disk of this machine: any node reads what another has taken, an archive has them, and a backup of the database is
 * all there is to back up. The first document is due when the file is to be taken away, whatever became of it.
 */
import type { Json } from '../../core/job.ts';
import type { Document, DocumentWrite } from '../../store/contract.ts';
import type { StoredFile } from './api-files.ts';

export const FILE_KIND = 'file';
const OWNER = '_files:';
/** Places of the number of a part: names are in the order of numbers. */
const DIGITS = 7;

export interface FileRecord {
  /** `arriving` until all of it is there; `going` from when it was removed. */
  readonly state: 'arriving' | 'there' | 'going';
  readonly name: string;
  readonly purpose: string;
  readonly bytes: number;
  readonly parts: number;
}

interface FileRef {
  readonly tenant: string;
  readonly id: string;
}

/** No tenant of a key has a colon: nobody but the engine reads or counts these. */
export function fileOwner(tenant: string): string {
  return `${OWNER}${tenant}`;
}

export function tenantOfOwner(owner: string): string {
  return owner.slice(OWNER.length);
}

export function fileRef({ tenant, id }: FileRef) {
  return { tenant: fileOwner(tenant), kind: FILE_KIND, name: id };
}

/** All parts of one file. */
export function partsOf({ tenant, id }: FileRef) {
  return { tenant: fileOwner(tenant), kind: `file-part:${id}` };
}

export function partRef(file: FileRef, number: number) {
  return { ...partsOf(file), name: String(number).padStart(DIGITS, '0') };
}

export function recordIn({ data }: Pick<Document, 'data'>): FileRecord {
  return data as unknown as FileRecord;
}

export function writeOf(
  ref: FileRef,
  record: FileRecord,
  at: Pick<DocumentWrite, 'expectRevision' | 'now'> & { readonly dueAt: number },
): DocumentWrite {
  return { ...fileRef(ref), data: record as unknown as Json, ...at };
}

/** Null for one that is not there yet, or not any more. */
export function fileIn(document: Document, now: number): StoredFile | null {
  const { state, name, purpose, bytes } = recordIn(document);
  const { dueAt, createdAt } = document;
  if (state !== 'there' || dueAt === null || dueAt <= now) return null;
  return {
    id: document.name,
    tenant: tenantOfOwner(document.tenant),
    name,
    purpose,
    bytes,
    createdAt,
    expiresAt: dueAt,
  };
}
