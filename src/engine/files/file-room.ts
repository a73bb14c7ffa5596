/**
 * How much room a tenant has left for files. The store counts once in `COUNTED_MS`, this process in between: processes that share a store may
 * together pass the bound by what they take in that time.
 */
import { BideError } from '../../core/errors.ts';
import type { EngineBase } from '../engine-base.ts';
import { FILE_KIND, fileOwner } from './file-shelf.ts';

const COUNTED_MS = 10_000;
const TENANTS_MAX = 1_000;

type Bound = 'filesPerTenantMax' | 'fileBytesPerTenantMax';

interface Usage {
  readonly until: number;
  files: number;
  bytes: number;
}

export interface FileRoom {
  /** Counts a new file. TOO_MANY_FILES where there is no room for it. */
  begin(tenant: string, isOurs: boolean): Promise<void>;
  /** The same for more of it. */
  grow(tenant: string, bytes: number, isOurs: boolean): Promise<void>;
  /** Something was taken away. */
  forget(tenant: string): void;
}

export function createFileRoom({ store, limits, clock }: Pick<EngineBase, 'store' | 'limits' | 'clock'>): FileRoom {
  const usages = new Map<string, Usage>();

  async function usageOf(tenant: string): Promise<Usage> {
    const known = usages.get(tenant);
    if (known !== undefined && clock.now() < known.until) return known;
    const owner = fileOwner(tenant);
    const [all, files] = await Promise.all([store.documentUsage(owner), store.documentUsage(owner, FILE_KIND)]);
    const usage = { files: files.count, bytes: all.bytes, until: clock.now() + COUNTED_MS };
    if (usages.size >= TENANTS_MAX) usages.clear();
    usages.set(tenant, usage);
    return usage;
  }

  function refuse(limit: Bound): never {
    const value = limits[limit];
    throw new BideError('TOO_MANY_FILES', `The tenant's files are at ${limit}, ${value}.`, { limit, value });
  }

  return {
    async begin(tenant, isOurs) {
      const usage = await usageOf(tenant);
      if (!isOurs && usage.files >= limits.filesPerTenantMax) refuse('filesPerTenantMax');
      if (!isOurs && usage.bytes >= limits.fileBytesPerTenantMax) refuse('fileBytesPerTenantMax');
      usage.files += 1;
    },
    async grow(tenant, bytes, isOurs) {
      const usage = await usageOf(tenant);
      if (!isOurs && usage.bytes + bytes > limits.fileBytesPerTenantMax) refuse('fileBytesPerTenantMax');
      usage.bytes += bytes;
    },
    forget(tenant) {
      usages.delete(tenant);
    },
  };
}
