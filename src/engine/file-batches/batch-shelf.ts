/**
 * Batches of files as documents. A document is due when somebody has to go on with it: at once, or when whoever works on it has not been heard
 * of for a lease; and in the end when it is to be taken away. Every write names the revision that was seen: of two who work on it one stops.
 */
import { type FileBatch, fileBatchState, lineCounts } from '../../core/file-batches/file-batch.ts';
import { type Group, NO_COUNTS } from '../../core/groups/group.ts';
import type { Json } from '../../core/job.ts';
import type { Document, DocumentWrite } from '../../store/contract.ts';
import type { FileBatchView } from './api-file-batches.ts';

export const BATCH_KIND = 'file-batch';
const OWNER = '_file-batches:';

export interface BatchRef {
  readonly tenant: string;
  readonly id: string;
}

/** No tenant of a key has a colon. */
export function batchOwner(tenant: string): string {
  return `${OWNER}${tenant}`;
}

export function batchRef({ tenant, id }: BatchRef) {
  return { tenant: batchOwner(tenant), kind: BATCH_KIND, name: id };
}

export function refIn({ tenant, name }: Pick<Document, 'tenant' | 'name'>): BatchRef {
  return { tenant: tenant.slice(OWNER.length), id: name };
}

export function batchIn({ data }: Pick<Document, 'data'>): FileBatch {
  return data as unknown as FileBatch;
}

export function writeOf(
  ref: BatchRef,
  batch: FileBatch,
  at: Pick<DocumentWrite, 'expectRevision' | 'now'> & { readonly dueAt: number },
): DocumentWrite {
  return { ...batchRef(ref), data: batch as unknown as Json, ...at };
}

/** The group of a batch has its name as its key: to make it twice makes it once. */
export function groupKeyOf({ id }: BatchRef): string {
  return `file-batch:${id}`;
}

export function viewOf(document: Document, group: Group | null): FileBatchView {
  const batch = batchIn(document);
  const counts = batch.counts ?? lineCounts(batch.total, group?.counts ?? NO_COUNTS);
  const outputs = batch.phase === 'over' ? {} : { output: null, errors: null };
  return {
    ...batch,
    ...outputs,
    ...refIn(document),
    createdAt: document.createdAt,
    state: fileBatchState(batch),
    counts,
  };
}
