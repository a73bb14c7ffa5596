/** Counts what is read from a store, so that a test can say that nobody asked it. */
import type { Store } from '../../engine/api.ts';

/** `reads`: jobs and results asked for so far. */
export function countReads(store: Store): { readonly store: Store; readonly reads: () => number } {
  let reads = 0;
  const read: Store['read'] = (batch) => {
    reads += batch.length;
    return store.read(batch);
  };
  const readResult: Store['readResult'] = (batch) => {
    reads += batch.length;
    return store.readResult(batch);
  };
  const counted = Object.create(store, { read: { value: read }, readResult: { value: readResult } }) as Store;
  return { store: counted, reads: () => reads };
}
