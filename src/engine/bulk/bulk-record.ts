/**
 * How far a bulk job has come, as a document: what is counted, where it goes on, and which jobs it is about to change.
 *
 * The last is what makes its numbers right after a crash: jobs are written down, with their revisions, before they are changed. A job of that
 * batch that has moved on when the next attempt comes was changed by the last one.
 */
import type { Json } from '../../core/job.ts';
import type { Store } from '../../store/contract.ts';
import type { ListPlace } from '../api.ts';

export interface BulkCounts {
  readonly changed: number;
  readonly skipped: number;
  readonly failed: number;
}

export interface BulkRecord {
  /** How many fitted at the beginning, or at least so many. */
  readonly total: number;
  readonly counts: BulkCounts;
  /** Where it ends: the last number there was at the beginning, and when that was. What comes later, or ends again, is not met. */
  readonly end: { readonly number: number; readonly at: number };
  /** Behind which the next batch begins, `batch` included. */
  readonly place: ListPlace | null;
  /** Id and revision of the jobs that are being changed. */
  readonly batch: readonly (readonly [id: string, revision: number])[];
}

export interface Records {
  /** Null where there is none yet. */
  read(): Promise<BulkRecord | null>;
  /** False where another attempt of the same job has written: this one has to stop. */
  write(record: BulkRecord): Promise<boolean>;
}

type DocumentStore = Pick<Store, 'documentRead' | 'documentWrite' | 'documentList' | 'documentRemove'>;

const KIND = 'bulk';
/** No tenant of a key has a colon. */
const ownerOf = (tenant: string) => `_bulk:${tenant}`;

export function recordsOf(
  store: DocumentStore,
  job: { readonly tenant: string; readonly id: string },
  now: () => number,
): Records {
  const ref = { tenant: ownerOf(job.tenant), kind: KIND, name: job.id };
  let revision = 0;
  return {
    async read() {
      const document = await store.documentRead(ref);
      revision = document?.revision ?? 0;
      return document === null ? null : (document.data as unknown as BulkRecord);
    },
    async write(record) {
      const data = record as unknown as Json;
      const outcome = await store.documentWrite({ ...ref, data, expectRevision: revision, now: now() });
      if (outcome.kind === 'stale') return false;
      revision = outcome.document.revision;
      return true;
    },
  };
}

/** At most this many are unfinished at once; what is beyond is looked at the next time. */
const LOOKED_AT = 100;

/** Removes the records of jobs that are over. Not by the job itself: an end that was not stored would begin again, and count nothing. */
export async function removeRecords(
  store: DocumentStore,
  tenant: string,
  isOver: (id: string) => Promise<boolean>,
): Promise<void> {
  const list = { tenant: ownerOf(tenant), kind: KIND, limit: LOOKED_AT };
  for (const { name } of await store.documentList(list)) {
    if (await isOver(name)) await store.documentRemove({ ...list, name });
  }
}
