/** One clock rules where several machines share a store: that of the store. */
import { type Clock, createStoreClock, systemClock, type Telemetry } from '../engine/index.ts';
import type { Store } from '../store/contract.ts';

/** Measured once when this resolves; stopped with `opened`. */
export async function storeClockOf(store: Store, telemetry: Telemetry, opened: AsyncDisposableStack): Promise<Clock> {
  if (!store.facts.isShared) return systemClock;
  const time = () => store.time();
  const clock = createStoreClock({ time, timers: systemClock, random: Math.random, telemetry });
  opened.defer(() => clock.stop());
  await clock.start();
  return clock;
}
