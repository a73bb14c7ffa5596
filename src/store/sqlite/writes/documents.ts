/** Small durable JSON, written with the revision that the writer saw, alone or with jobs that come of it. */
import type { Row, Value } from '../rows.ts';
import { type Inserted, insertJobs } from './insert-jobs.ts';
import type { Transaction } from './transaction.ts';

export interface DocumentRef {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
}

export interface DocumentText extends DocumentRef {
  /** JSON text. */
  readonly data: string;
  readonly expectRevision: number | null;
  readonly now: number;
  readonly dueAt: number | null;
}

export interface DocumentWritten {
  readonly isWritten: boolean;
  /** The document as it is now; null where there is none. */
  readonly row: Row | null;
}

/** Revision and creation time in a row of `documentRead`. */
const REVISION = 4;
const CREATED_AT = 5;

export function writeDocument({ connection }: Transaction, write: DocumentText): DocumentWritten {
  const { tenant, kind, name, data, expectRevision, now, dueAt } = write;
  const row = connection.get('documentRead', tenant, kind, name) ?? null;
  const revision = row === null ? 0 : (row[REVISION] as number);
  if (expectRevision !== null && expectRevision !== revision) return { isWritten: false, row };
  const createdAt: Value = row === null ? now : (row[CREATED_AT] as number);
  const next = [tenant, kind, name, data, revision + 1, createdAt, dueAt];
  connection.run('documentPut', ...next);
  return { isWritten: true, row: next };
}

export interface DocumentAdd extends DocumentText {
  readonly countMax: number;
}

/** A number: the tenant has so many of the kind, which is as many as it may. */
export function addDocument(transaction: Transaction, add: DocumentAdd): DocumentWritten | number {
  const { tenant, kind, name, countMax } = add;
  const { connection } = transaction;
  if (connection.get('documentRead', tenant, kind, name) === undefined) {
    const count = connection.get('documentUsageOfKind', tenant, kind)?.[0] as number;
    if (count >= countMax) return count;
  }
  return writeDocument(transaction, { ...add, expectRevision: 0 });
}

export function removeDocument({ connection }: Transaction, { tenant, kind, name }: DocumentRef): boolean {
  return connection.run('documentDelete', tenant, kind, name) === 1;
}

export interface StepText {
  readonly write: DocumentText;
  /** As `insertJobs` takes them. */
  readonly jobs: readonly Value[];
}

export interface Stepped extends DocumentWritten {
  /** Null where nothing was written. */
  readonly inserted: Inserted | null;
}

export function stepDocument(transaction: Transaction, { write, jobs }: StepText): Stepped {
  const written = writeDocument(transaction, write);
  return { ...written, inserted: written.isWritten ? insertJobs(transaction, jobs) : null };
}
