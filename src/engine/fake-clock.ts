/** A clock that tests turn by hand. Time stands still until `advance`; nothing that runs by it ever really waits. */
import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  /** Moves the time on and fires what falls due, in the order of due times. Timers set meanwhile fire too when they fall due. */
  advance(ms: number): void;
  /** Sets the time, ahead or back, as an operator sets a machine's clock: the steady counter and the timers do not notice. */
  jump(ms: number): void;
  /** The process is frozen: time goes on and no timer fires. What fell due meanwhile fires with the next `advance`, 0 included. */
  freeze(ms: number): void;
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
  /** Timers go by this one. */
  let steady = 0;
  let aheadMs = startAt;
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
    now: () => aheadMs + steady,
    steady: () => steady,
    after(delayMs, fire) {
      // "On the next turn" must not need an advance: code that finds itself late would hang.
      if (delayMs <= 0) {
        const immediate = setImmediate(fire);
        return () => clearImmediate(immediate);
      }
      order += 1;
      const timer: Timer = { dueAt: steady + delayMs, order, fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = steady + ms;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        steady = Math.max(steady, timer.dueAt);
        timer.fire();
      }
      steady = until;
    },
    jump(ms) {
      aheadMs += ms;
    },
    freeze(ms) {
      steady += ms;
    },
    get untilNextMs() {
      return (nextDue(Number.POSITIVE_INFINITY)?.dueAt ?? Number.POSITIVE_INFINITY) - steady;
    },
    get pending() {
      return timers.size;
    },
  };
}
