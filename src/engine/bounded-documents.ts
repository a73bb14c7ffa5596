/**
 * Documents with a bound for each tenant: nobody fills the disk of all with conversations and saved queries.
 *
 * What a tenant has is counted by the store once in `COUNTED_MS` and by this process in between, so that processes which share a store
 * may together pass the bound by what they take in that time. Replacing a document counts as one more until the next count.
 */
import { BideError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Store } from '../store/contract.ts';
import type { Documents } from './api.ts';
import type { Clock } from './clock.ts';

const COUNTED_MS = 10_000;
const TENANTS_MAX = 1_000;

interface Usage {
  readonly until: number;
  count: number;
  bytes: number;
}

export interface DocumentBounds {
  readonly store: Documents & Pick<Store, 'documentUsage'>;
  readonly limits: Pick<Limits, 'documentsPerTenantMax' | 'documentBytesPerTenantMax'>;
  readonly clock: Pick<Clock, 'now'>;
}

export function boundDocuments({ store, limits, clock }: DocumentBounds): Documents {
  const usages = new Map<string, Usage>();

  async function usageOf(tenant: string): Promise<Usage> {
    const known = usages.get(tenant);
    if (known !== undefined && clock.now() < known.until) return known;
    const usage = { ...(await store.documentUsage(tenant)), until: clock.now() + COUNTED_MS };
    if (usages.size >= TENANTS_MAX) usages.clear();
    usages.set(tenant, usage);
    return usage;
  }

  function requireRoom(usage: Usage, isNew: boolean): void {
    for (const [limit, used] of [
      ['documentsPerTenantMax', isNew ? usage.count : 0],
      ['documentBytesPerTenantMax', usage.bytes],
    ] as const) {
      const value = limits[limit];
      if (used <= value) continue;
      throw new BideError('TOO_MANY_DOCUMENTS', `The tenant's documents are at ${limit}, ${value}.`, { limit, value });
    }
  }

  return {
    async documentWrite(write) {
      const usage = await usageOf(write.tenant);
      const isNew = write.expectRevision === 0;
      const bytes = Buffer.byteLength(JSON.stringify(write.data));
      requireRoom({ ...usage, count: usage.count + 1, bytes: usage.bytes + bytes }, isNew);
      // Before the write: many at once must not all find the same room.
      if (isNew) usage.count += 1;
      usage.bytes += bytes;
      return store.documentWrite(write);
    },
    documentRead: (ref) => store.documentRead(ref),
    documentList: (filter) => store.documentList(filter),
    async documentRemove(ref) {
      const isRemoved = await store.documentRemove(ref);
      if (isRemoved) usages.delete(ref.tenant);
      return isRemoved;
    },
  };
}
