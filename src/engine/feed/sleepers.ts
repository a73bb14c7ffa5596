/** Readers of the feed who are at the newest: woken by news of their tenant, by their time, by their going away, and by the end of the engine. */
import type { CallerSignal } from '../caller-signal.ts';
import type { Clock } from '../clock.ts';

export interface Sleepers {
  sleep(tenant: string, ms: number, signal: CallerSignal): Promise<void>;
  wake(tenants: readonly string[]): void;
  /** Wakes all, and lets nobody sleep any more. */
  close(): void;
  readonly isClosed: boolean;
}

export function createSleepers(clock: Clock): Sleepers {
  const sleeping = new Map<string, Set<() => void>>();
  let isClosed = false;

  function wake(tenants: Iterable<string>): void {
    for (const tenant of tenants) {
      const woken = sleeping.get(tenant) ?? [];
      sleeping.delete(tenant);
      for (const up of woken) up();
    }
  }

  return {
    wake,
    sleep(tenant, ms, signal) {
      if (isClosed || signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = ms === Number.POSITIVE_INFINITY ? () => {} : clock.after(ms, resolve);
      const all = sleeping.get(tenant) ?? new Set();
      sleeping.set(tenant, all.add(resolve));
      signal.addEventListener('abort', resolve, { once: true });
      return promise.finally(() => {
        cancel();
        signal.removeEventListener('abort', resolve);
        all.delete(resolve);
        if (all.size === 0 && sleeping.get(tenant) === all) sleeping.delete(tenant);
      });
    },
    close() {
      isClosed = true;
      wake([...sleeping.keys()]);
    },
    get isClosed() {
      return isClosed;
    },
  };
}
