/**
 * A clock that agrees with the store's, for processes on several machines: leases and due times mean the same everywhere, however
 * wrong the machines' own clocks are.
 *
 * The store is asked now and then; half of the round trip is taken as the way back, and of the last measurements the one with the
 * shortest round trip counts. In between this runs on the machine's steady counter, so that a correction of the machine's
 * clock does not show. It never goes back by less than `STEP_MS`: a small correction stands still until time has caught up.
 */
import type { CancelTimer, Clock } from './clock.ts';
import type { EngineBase } from './engine-base.ts';
import { createLoop } from './loop.ts';

export interface StoreClock extends Clock {
  /** Resolves after the first measurement; rejects when the store does not answer. Then measures every `MEASURE_MS`. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface StoreClockOptions extends Pick<EngineBase, 'random' | 'telemetry'> {
  /** The store's time, epoch ms. */
  readonly time: () => Promise<number>;
  /** Sets the timers and counts steadily. */
  readonly timers: Clock;
}

/** Quartz drifts by up to 50 ppm: 1.5 ms in this time, far below a lease. */
const MEASURE_MS = 30_000;
const MEASURES_KEPT = 5;
/** Going back by this or more is a step of the store's own clock, which leases in the store follow; standing still for so long would not. */
const STEP_MS = 1_000;

interface Measure {
  /** Store time minus steady counter. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

export function createStoreClock(options: StoreClockOptions): StoreClock {
  const { time, timers, telemetry } = options;
  const { steady } = timers;
  const measures: Measure[] = [];
  let offsetMs = timers.now() - steady();
  let newest = Number.NEGATIVE_INFINITY;

  const measure = async (): Promise<number> => {
    const askedAt = steady();
    const stored = await time();
    const roundTripMs = steady() - askedAt;
    measures.push({ offsetMs: stored + roundTripMs / 2 - steady(), roundTripMs });
    if (measures.length > MEASURES_KEPT) measures.shift();
    const last = measures.at(-1) as Measure;
    // After a step of the store's clock the older measures are worth nothing.
    if (Math.abs(last.offsetMs - offsetMs) >= STEP_MS) measures.splice(0, measures.length - 1);
    const best = measures.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a), last);
    offsetMs = best.offsetMs;
    telemetry.emit({ kind: 'clockAligned', offsetMs: offsetMs + steady() - timers.now(), roundTripMs });
    return MEASURE_MS;
  };
  const loop = createLoop({ ...options, name: 'store clock', clock: timers, run: measure });

  return {
    now() {
      const now = Math.round(steady() + offsetMs);
      if (now >= newest || newest - now >= STEP_MS) newest = now;
      return newest;
    },
    steady,
    after: (delayMs: number, fire: () => void): CancelTimer => timers.after(delayMs, fire),
    async start() {
      await measure();
      loop.start();
    },
    stop: loop.stop,
  };
}
