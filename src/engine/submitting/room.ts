/** Room for a new job: taken before it is stored, so that many at once do not all find the same, and given back where nothing was stored. */
import type { Quota } from '../../core/quota-error.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Population } from '../reading/population.ts';
import { boundStoredBytes } from './stored-bytes.ts';

export interface Room {
  /** The limit that the tenant has reached. Null when there is room for one more job with so many bytes of input, and it is taken. A promise only where the store has to be asked. */
  take(tenant: string, bytes: number): Quota['limit'] | null | Promise<Quota['limit'] | null>;
  giveBack(tenant: string, bytes: number): void;
}

export function createRoom(
  options: Pick<EngineBase, 'store' | 'limits' | 'clock'> & { readonly population: Population },
): Room {
  const { population } = options;
  const stored = boundStoredBytes(options);

  function settled(tenant: string, hasBytes: boolean): Quota['limit'] | null {
    if (hasBytes) return null;
    population.giveBack(tenant);
    return 'storedBytesPerTenantMax';
  }

  return {
    take(tenant, bytes) {
      if (!population.reserve(tenant)) return 'jobsWaitingMax';
      const hasBytes = stored.reserve(tenant, bytes);
      if (typeof hasBytes === 'boolean') return settled(tenant, hasBytes);
      return hasBytes.then(
        (has) => settled(tenant, has),
        (error: unknown) => {
          population.giveBack(tenant);
          throw error;
        },
      );
    },
    giveBack(tenant, bytes) {
      population.giveBack(tenant);
      stored.giveBack(tenant, bytes);
    },
  };
}
