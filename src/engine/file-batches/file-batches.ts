/** Batches of files as callers make, read, list and cancel them. What goes on with them is `batch-work.ts`. */
import { BideError } from '../../core/errors.ts';
import { canBeCancelled, cancelled, type FileBatch, newFileBatch } from '../../core/file-batches/file-batch.ts';
import type { Document } from '../../store/contract.ts';
import type { LineWords } from '../api.ts';
import { createJobIds, madeAt } from '../submitting/job-ids.ts';
import { traceOf } from '../tracing/send-spans.ts';
import type { FileBatchDraft, FileBatches, FileBatchView } from './api-file-batches.ts';
import type { BatchWorkOptions } from './batch-options.ts';
import { BATCH_KIND, type BatchRef, batchIn, batchOwner, batchRef, refIn, viewOf, writeOf } from './batch-shelf.ts';
import { type BatchWork, createBatchWork } from './batch-work.ts';

const LIST_PAGE = 100;

export interface FileBatchParts {
  readonly fileBatches: FileBatches<LineWords>;
  readonly loop: BatchWork['loop'];
}

export function createFileBatches(options: BatchWorkOptions): FileBatchParts {
  const work = createBatchWork(options);
  const newId = createJobIds();
  return {
    loop: work.loop,
    fileBatches: {
      speak: work.speak,
      create: (draft) => create(options, work, newId, draft),
      async read(tenant, id) {
        const document = await options.store.documentRead(batchRef({ tenant, id }));
        return document === null ? null : ((await views(options, [document]))[0] ?? null);
      },
      list: (request) => listBatches(options, request),
      cancel: (tenant, id, by) =>
        change(options, work, { tenant, id }, (batch, now) => {
          if (batch.ending === 'cancelled' && batch.phase !== 'over') return batch;
          if (!canBeCancelled(batch)) throw new BideError('FILE_BATCH_OVER', undefined, { id });
          return cancelled(batch, by, now);
        }),
    },
  };
}

async function create(
  { store, clock, limits, files }: BatchWorkOptions,
  work: BatchWork,
  newId: (now: number) => string,
  { tenant, file, retainMs = limits.fileRetainMs, ...asked }: FileBatchDraft,
): Promise<FileBatchView> {
  if ((await files.read(tenant, file)) === null) throw new BideError('FILE_NOT_FOUND', undefined, { id: file });
  const now = clock.now();
  const ref = { tenant, id: newId(now) };
  const batch = newFileBatch({ ...asked, file, retainMs, trace: traceOf({}) }, now);
  const { fileBatchesPerTenantMax: value } = limits;
  const write = writeOf(ref, batch, { expectRevision: 0, now, dueAt: now });
  const outcome = await store.documentAdd({ ...write, countMax: value });
  if (outcome.kind === 'full') {
    const message = `The tenant has ${outcome.count} batches of files (fileBatchesPerTenantMax).`;
    throw new BideError('TOO_MANY_FILE_BATCHES', message, { limit: 'fileBatchesPerTenantMax', value });
  }
  if (outcome.kind !== 'written') throw new BideError('INTERNAL', 'The id of a new batch is taken.');
  work.changed(ref.id);
  return viewOf(outcome.document, null);
}

/** Null where there is none. */
async function change(
  options: BatchWorkOptions,
  work: BatchWork,
  ref: BatchRef,
  decide: (batch: FileBatch, now: number) => FileBatch,
): Promise<FileBatchView | null> {
  const { store, clock } = options;
  for (;;) {
    const document = await store.documentRead(batchRef(ref));
    if (document === null) return null;
    const now = clock.now();
    const batch = batchIn(document);
    const changed = decide(batch, now);
    if (changed === batch) return (await views(options, [document]))[0] ?? null;
    const at = { expectRevision: document.revision, now, dueAt: now };
    const outcome = await store.documentWrite(writeOf(ref, changed, at));
    if (outcome.kind !== 'written') continue;
    work.changed(ref.id);
    return (await views(options, [outcome.document]))[0] ?? null;
  }
}

/** With the figures of their groups, while they are not over. */
async function views({ store }: BatchWorkOptions, documents: readonly Document[]): Promise<readonly FileBatchView[]> {
  const refs = documents.map((document) => {
    const { counts, group } = batchIn(document);
    return counts === null && group !== null ? { tenant: refIn(document).tenant, id: group } : null;
  });
  const asked = refs.filter((ref) => ref !== null);
  const found = asked.length === 0 ? [] : await store.groupRead(asked);
  const groups = new Map(found.flatMap((group) => (group === null ? [] : [[group.id, group] as const])));
  return documents.map((document, at) => viewOf(document, groups.get(refs[at]?.id ?? '') ?? null));
}

async function listBatches(
  options: BatchWorkOptions,
  { tenant, dialect, after, limit }: Parameters<FileBatches<LineWords>['list']>[0],
): Promise<readonly FileBatchView[]> {
  const { store } = options;
  const filter = { tenant: batchOwner(tenant), kind: BATCH_KIND, limit: LIST_PAGE };
  const found: Document[] = [];
  let place = after === undefined ? undefined : await placeOf(options, { tenant, id: after });
  while (found.length < limit) {
    const page = await store.documentList(place === undefined ? filter : { ...filter, after: place });
    found.push(...page.filter((document) => batchIn(document).dialect === dialect));
    place = page.at(-1);
    if (page.length < LIST_PAGE) break;
  }
  return views(options, found.slice(0, limit));
}

/** An id says when it was made, which is when its document was: a place is known also where the batch is gone. */
async function placeOf({ store }: BatchWorkOptions, ref: BatchRef): Promise<Pick<Document, 'createdAt' | 'name'>> {
  return (await store.documentRead(batchRef(ref))) ?? { createdAt: madeAt(ref.id), name: ref.id };
}
