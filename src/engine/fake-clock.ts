/** A clock that tests turn by hand. Time stands still until `advance`; nothing that runs by it ever really waits. */
import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  /** Moves the time on and fires what falls due, in the order of due times. Timers set meanwhile fire too when they fall due. */
  advance(ms: number): void;
  /** Ms until the next timer falls due; Infinity when none is set. */
  readonly untilNextMs: number;
  /** Timers that are set and have not fired. */
  readonly pending: number;
}

interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly fire: () => void;
}

export function createFakeClock(startAt = 1_750_000_000_000): FakeClock {
  let now = startAt;
  let order = 0;
  const timers = new Set<Timer>();

  const nextDue = (until: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueAt > until) continue;
      if (next === undefined || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.order < next.order))
        next = timer;
    }
    return next;
  };

  return {
    now: () => now,
    after(delayMs, fire) {
      // "On the next turn" must not need an advance: code that finds itself late would hang.
      if (delayMs <= 0) {
        const immediate = setImmediate(fire);
        return () => clearImmediate(immediate);
      }
      order += 1;
      const timer: Timer = { dueAt: now + delayMs, order, fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        now = Math.max(now, timer.dueAt);
        timer.fire();
      }
      now = until;
    },
    get untilNextMs() {
      return (nextDue(Number.POSITIVE_INFINITY)?.dueAt ?? Number.POSITIVE_INFINITY) - now;
    },
    get pending() {
      return timers.size;
    },
  };
}
