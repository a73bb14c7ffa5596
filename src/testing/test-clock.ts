/**
 * The clock of a test: it stands still until it is turned, and knows the sweeper, so that what time makes due is due at the end of a turn.
 *
 * The sweeper looks every second in production. Here it looks every minute, so that a day passes in a second or two, and once more whenever the
 * clock has been turned. Its timer is known by its length, which no other timer has.
 */
import type { Clock } from '../engine/clock.ts';
import { createFakeClock, type FakeClock } from '../engine/fake-clock.ts';

/** A prime, so that no other delay is equal to it. */
export const SWEEP_INTERVAL_MS = 59_999;

export interface TurnedClock {
  readonly clock: FakeClock;
  /** Has the sweeper look now. */
  sweep(): void;
}

export function createTurnedClock(startAt: number, sweepIntervalMs: number): TurnedClock {
  const clock = createFakeClock(startAt);
  let armed: (() => void) | null = null;

  const after: Clock['after'] = (delayMs, fire) => {
    if (delayMs !== sweepIntervalMs) return clock.after(delayMs, fire);
    const look = () => {
      armed = null;
      fire();
    };
    const cancel = clock.after(delayMs, look);
    armed = () => {
      cancel();
      look();
    };
    return cancel;
  };

  return {
    clock: Object.create(clock, { after: { value: after }, isSteadied: { value: true } }) as FakeClock,
    sweep: () => armed?.(),
  };
}
