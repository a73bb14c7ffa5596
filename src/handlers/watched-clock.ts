/** The system's clock for tests of handlers, which run real threads and processes: timers fire in real time, and can be awaited. */
import { type Clock, systemClock } from '../engine/clock.ts';

export interface WatchedClock extends Clock {
  /** Resolves when a timer of so many milliseconds has fired, or at once when one had. */
  fired(delayMs: number): Promise<void>;
}

export function watchedClock(): WatchedClock {
  const watches = new Map<number, PromiseWithResolvers<void>>();
  const watch = (delayMs: number) => {
    const fired = watches.get(delayMs) ?? Promise.withResolvers<void>();
    watches.set(delayMs, fired);
    return fired;
  };
  return {
    now: systemClock.now,
    after: (delayMs, fire) =>
      systemClock.after(delayMs, () => {
        fire();
        watch(delayMs).resolve();
      }),
    fired: (delayMs) => watch(delayMs).promise,
  };
}
