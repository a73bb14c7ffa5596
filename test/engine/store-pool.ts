/**
 * Real SQLite stores for tests, used again: opening one costs a folder, a thread and a dozen syncs of the disk, a hundred times
 * what emptying one does. Nothing here cuts the power, so no write waits for the disk. A store is handed out empty, to one test at a time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { isFinal } from '../../src/core/state.ts';
import { bookOf } from '../../src/engine/webhooks/book.ts';
import type { Document, Store } from '../../src/store/contract.ts';
import { openSqlite } from '../../src/store/sqlite/index.ts';

export interface OwnStore extends AsyncDisposable {
  readonly store: Store;
}

interface Pooled {
  readonly store: Store;
  readonly folder: string;
}

const all: Pooled[] = [];
const idle: Pooled[] = [];

after(async () => {
  for (const { store, folder } of all) {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

export async function openStore(): Promise<OwnStore> {
  const pooled = idle.pop() ?? (await open());
  return {
    store: pooled.store,
    async [Symbol.asyncDispose]() {
      await empty(pooled.store);
      idle.push(pooled);
    },
  };
}

async function open(): Promise<Pooled> {
  const folder = await mkdtemp(join(tmpdir(), 'bide-engine-'));
  const store = await openSqlite({ folder, synchronous: 'normal' });
  await store.migrate();
  const pooled = { store, folder };
  all.push(pooled);
  return pooled;
}

/** A key that no job has, and nobody set or closed. */
const FORGOTTEN = Object.freeze({ bounds: null, closedUntil: null, now: 1, keysMax: 1_000_000 });

/** Only the store's own operations, so that its counters stay right. */
async function empty(store: Store): Promise<void> {
  for (;;) {
    const jobs = await store.list({ tenant: null, limit: 1_000 });
    if (jobs.length === 0) break;
    const ended = await store.apply(
      jobs
        .filter(({ state }) => !isFinal(state))
        .map(({ id, state, revision, createdAt }) => ({
          ...{ id, expect: { states: [state], revision } },
          patch: { state: 'cancelled', finishedAt: createdAt, leaseUntil: null, worker: null },
        })),
    );
    const final = [
      ...jobs.filter(({ state }) => isFinal(state)),
      ...ended.flatMap((outcome) => (outcome.kind === 'applied' ? [outcome.job] : [])),
    ];
    await store.remove(final.map(({ id, revision }) => ({ id, revision, now: 1, goneUntil: 1 })));
  }
  await emptyEvents(store);
  const documents: Document[] = [];
  for await (const records of store.dump()) {
    for (const record of records) {
      if (record.kind === 'document') documents.push(record.document);
      if (record.kind === 'group') await store.groupRemove({ ...record.group, now: 1 });
      if (record.kind === 'limit') await store.limitWrite({ ...record.limit, ...FORGOTTEN });
    }
  }
  await store.groupPrune({ now: EVER, limit: 1_000_000 });
  for (const document of documents) {
    await store.documentRemove(document);
    // Webhooks follow by their ids; the document of a tenant names them.
    for (const { id } of bookOf(document.data).endpoints) await store.unfollow({ tenant: document.name, name: id });
  }
  await store.statDrop({ before: Number.MAX_SAFE_INTEGER, limit: 1_000_000 });
  await store.workerDrop({ before: Number.MAX_SAFE_INTEGER });
}

const EVER = 2 ** 50;

/** Events and deliveries outlive their jobs. */
async function emptyEvents(store: Store): Promise<void> {
  for (;;) {
    const { from, events } = await store.fanOutRead({ limit: 10_000 });
    const to = events.at(-1)?.position;
    if (to === undefined) break;
    await store.fanOutWrite({ from, to, deliveries: [] });
  }
  await store.eventPrune({ now: EVER, before: EVER, limit: 1_000_000 });
  await store.endedDrop(await store.endedRead({ limit: 1_000_000 }));
  for (;;) {
    const due = await store.deliveryClaim({ now: EVER, leaseMs: 1, max: 1_000 });
    if (due.length === 0) break;
    const outcome = { kind: 'failed', keepUntil: 0 } as const;
    await store.deliverySettle(due.map(({ number, fence }) => ({ number, fence, tried: null, outcome })));
  }
  await store.deliveryPrune({ now: EVER, limit: 1_000_000 });
}
