/**
 * A bound for what a tenant's jobs hold on the disk of all: inputs and results, whatever the state of the job.
 *
 * - Only submits are refused. A job that was taken may always store its result: what was acknowledged is not lost for want of room.
 * - The store counts once in `COUNTED_MS` and this process adds its own inputs in between, so that results, and processes that share a
 *   store, may pass the bound by what comes in that time. Kept exactly it would be one hot row per tenant that every write waits for.
 * - At the bound it is counted again after `RECOUNTED_MS`: whoever removed jobs to make room does not wait long for it.
 */
import type { Limits } from '../../core/limits.ts';
import type { Store } from '../../store/contract.ts';
import type { Clock } from '../clock.ts';

const COUNTED_MS = 10_000;
const RECOUNTED_MS = 1_000;
const TENANTS_MAX = 10_000;

export interface StoredBytes {
  /** Takes room for an input of so many bytes; false when the tenant has none left. A promise only where the store has to be asked. */
  reserve(tenant: string, bytes: number): boolean | Promise<boolean>;
  /** Gives back the room of an input that was not stored after all. */
  giveBack(tenant: string, bytes: number): void;
}

interface Usage {
  readonly countedAt: number;
  bytes: number;
}

export interface StoredBytesOptions {
  readonly store: Pick<Store, 'usage'>;
  readonly limits: Pick<Limits, 'storedBytesPerTenantMax'>;
  readonly clock: Pick<Clock, 'now'>;
}

export function boundStoredBytes({ store, limits, clock }: StoredBytesOptions): StoredBytes {
  const usages = new Map<string, Usage>();
  const counting = new Map<string, Promise<Usage>>();

  function take(usage: Usage, bytes: number): boolean {
    if (usage.bytes + bytes > limits.storedBytesPerTenantMax) return false;
    usage.bytes += bytes;
    return true;
  }

  /** One question at a time per tenant: all who ask meanwhile share its answer. */
  function counted(tenant: string): Promise<Usage> {
    const known = counting.get(tenant);
    if (known !== undefined) return known;
    const count = countAnew(tenant).finally(() => counting.delete(tenant));
    counting.set(tenant, count);
    return count;
  }

  async function countAnew(tenant: string): Promise<Usage> {
    const countedAt = clock.now();
    const { bytes } = await store.usage(tenant);
    const usage = { countedAt, bytes };
    if (usages.size >= TENANTS_MAX) usages.clear();
    usages.set(tenant, usage);
    return usage;
  }

  return {
    reserve(tenant, bytes) {
      const usage = usages.get(tenant);
      const age = usage === undefined ? Number.POSITIVE_INFINITY : clock.now() - usage.countedAt;
      if (usage !== undefined && age < COUNTED_MS && take(usage, bytes)) return true;
      if (age < RECOUNTED_MS) return false;
      return counted(tenant).then((anew) => take(anew, bytes));
    },
    giveBack(tenant, bytes) {
      const usage = usages.get(tenant);
      if (usage !== undefined) usage.bytes = Math.max(0, usage.bytes - bytes);
    },
  };
}
