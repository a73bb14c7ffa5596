/**
 * A clock turned by hand that knows when the engine's sweeper sleeps, so that a test can have it look once, now.
 *
 * The sweeper arms its timer only after a sweep has ended: turning the clock before that would pass it by. Its timer is known by its length, which
 * no other timer of a rig has.
 */
import { createFakeClock, type FakeClock } from '../../engine/fake-clock.ts';

/** A prime near the default of a second, so that no other delay is equal to it. */
export const SWEEP_INTERVAL_MS = 997;

export interface SweepClock {
  readonly clock: FakeClock;
  /** Turns the clock by less than a second, through one sweep that begins after this call. */
  sweep(): Promise<void>;
}

export function createSweepClock(): SweepClock {
  const clock = createFakeClock();
  let isArmed = false;
  let onArmed: () => void = () => {};

  const after: FakeClock['after'] = (delayMs, fire) => {
    if (delayMs !== SWEEP_INTERVAL_MS) return clock.after(delayMs, fire);
    isArmed = true;
    onArmed();
    return clock.after(delayMs, () => {
      isArmed = false;
      fire();
    });
  };

  async function armed(): Promise<void> {
    if (isArmed) return;
    await new Promise<void>((resolve) => {
      onArmed = resolve;
    });
  }

  return {
    clock: Object.create(clock, { after: { value: after } }) as FakeClock,
    async sweep() {
      await armed();
      clock.advance(SWEEP_INTERVAL_MS);
      await armed();
    },
  };
}
