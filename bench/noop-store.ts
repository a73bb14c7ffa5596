/** A store that keeps nothing: what the HTTP layer and the engine cost by themselves. Only submitting makes sense on it. */
import type { Store } from '../src/store/contract.ts';

export function createNoopStore(): Store {
  let number = 0;
  const nothing = async () => [];
  return {
    facts: { engine: 'sqlite', isShared: false, hasHints: false },
    migrate: async () => ({ from: 0, to: 0, applied: [] }),
    inspect: nothing,
    ping: async () => {},
    time: async () => Date.now(),
    close: async () => {},
    insert: async (batch) =>
      batch.map(() => {
        number += 1;
        return { kind: 'created', number };
      }),
    claim: nothing,
    apply: async (batch) => batch.map(() => ({ kind: 'missing' })),
    read: async (batch) => batch.map(() => ({ kind: 'missing' })),
    readResult: async (batch) => batch.map(() => null),
    readInput: async (batch) => batch.map(() => null),
    list: nothing,
    count: nothing,
    extend: async (batch) => batch.map(() => ({ kind: 'lost' })),
    sweep: async () => ({ lost: [], overrun: [], overdue: [], prunable: [] }),
    nextRunAt: async () => null,
    remove: async (batch) => batch.map(() => 'missing'),
    hint: () => {},
    changes: () => () => {},
    deliveryClaim: nothing,
    deliverySettle: async (batch) => batch.map(() => false),
    keyInsert: async () => true,
    keyRead: async () => null,
    keyList: nothing,
    keyRevoke: async () => false,
    documentWrite: async () => ({ kind: 'stale', document: null }),
    documentRead: async () => null,
    documentList: nothing,
    documentUsage: async () => ({ count: 0, bytes: 0 }),
    documentRemove: async () => false,
    dump() {
      throw new Error('A store that keeps nothing has nothing to dump.');
    },
    restore() {
      throw new Error('A store that keeps nothing restores nothing.');
    },
  };
}
