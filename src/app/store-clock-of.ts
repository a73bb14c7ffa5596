/**
 * Which clock rules: where several machines share a store that of the store, else the machine's own without its jumps.
 */
import type { Limits } from '../core/limits.ts';
import {
  type Clock,
  createOwnClock,
  createStoreClock,
  type OwnClock,
  type StoreClock,
  systemClock,
  type Telemetry,
} from '../engine/index.ts';
import type { Store } from '../store/contract.ts';

export interface StoreClockOptions {
  readonly store: Store;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  /** The operator's word that the machine's clock is right. */
  readonly trustsClock: boolean;
}

/** Runs when this resolves; stopped with `opened`. */
export async function storeClockOf(options: StoreClockOptions, opened: AsyncDisposableStack): Promise<Clock> {
  const clock = clockOf(options);
  opened.defer(() => clock.stop());
  await clock.start();
  return clock;
}

function clockOf({ store, limits, telemetry, trustsClock }: StoreClockOptions): OwnClock | StoreClock {
  const { timeMark } = store;
  const random = Math.random;
  if (timeMark === undefined) {
    return createStoreClock({ time: () => store.time(), timers: systemClock, random, telemetry });
  }
  const jumpMsMax = limits.clockJumpMsMax;
  return createOwnClock({
    mark: timeMark,
    machine: systemClock,
    jumpMsMax,
    isMachineRight: trustsClock,
    random,
    telemetry,
  });
}
