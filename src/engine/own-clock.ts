/**
 * The clock of a process that has its store for itself: the machine's, without its jumps.
 *
 * 1. It never goes back, in this process or from one start to the next: the store keeps a mark of how far it has come.
 * 2. When the machine's clock is set back, this one goes on with the machine's steady counter, 1 % slower until the two agree again.
 *    Whatever waits, waits its delay; what comes later does not overtake it.
 * 3. It follows a step ahead, since a machine that slept shows nothing else, but by `clockJumpMsMax` at most. A longer one is
 *    told and not followed: it would end the retention of every finished job at once. It goes on by the steady counter
 *    until the machine's clock is back, or until an operator starts the process once with the word that the machine is right.
 */
import type { Clock } from './clock.ts';
import type { EngineBase } from './engine-base.ts';
import { createLoop } from './loop.ts';

/** Where a store keeps how far the time has come. */
export interface TimeMark {
  /** Null where none was ever kept. */
  read(): Promise<number | null>;
  write(time: number): Promise<void>;
}

export interface OwnClock extends Clock {
  /** Reads the mark, and from then on keeps it. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface OwnClockOptions extends Pick<EngineBase, 'random' | 'telemetry'> {
  readonly mark: TimeMark;
  readonly machine: Clock;
  readonly jumpMsMax: number;
  /** The operator's word that the machine's clock is right, however far ahead of the mark it is. */
  readonly isMachineRight: boolean;
}

/** One small write a minute; a start after a crash is ahead of everything that was written under a clock that was then set back. */
const KEEP_MS = 60_000;
/** Of the steady counter, while this clock is ahead of the machine's: an hour is made up for in four days. */
const PACE_WHEN_AHEAD = 0.99;
/** Smaller differences are the daily work of NTP. */
const TELL_MS = 1_000;

export function createOwnClock(options: OwnClockOptions): OwnClock {
  const { mark, machine, jumpMsMax, telemetry } = options;
  let time = machine.now();
  let steadyAt = machine.steady();
  let told: 'agree' | 'ahead' | 'behind' = 'agree';
  const keeping = createLoop({ ...options, name: 'time mark', clock: machine, run: keep });

  function now(): number {
    const steady = machine.steady();
    const passedMs = steady - steadyAt;
    steadyAt = steady;
    const leapMs = machine.now() - (time + passedMs);
    if (leapMs > jumpMsMax) {
      time += passedMs;
      tell('behind', leapMs);
    } else if (leapMs >= 0) {
      time += passedMs + leapMs;
      if (leapMs >= TELL_MS && told !== 'ahead')
        telemetry.emit({ kind: 'clockJumped', byMs: leapMs, isFollowed: true });
      told = 'agree';
    } else {
      // Slower, but not so slow that it would fall behind the machine.
      time += Math.max(passedMs * PACE_WHEN_AHEAD, passedMs + leapMs);
      if (leapMs <= -TELL_MS) tell('ahead', leapMs);
    }
    return Math.floor(time);
  }

  function tell(what: 'ahead' | 'behind', byMs: number): void {
    if (told === what) return;
    told = what;
    telemetry.emit({ kind: 'clockJumped', byMs, isFollowed: false });
  }

  async function keep(): Promise<number> {
    await mark.write(now());
    return KEEP_MS;
  }

  return {
    now,
    steady: machine.steady,
    after: machine.after,
    async start() {
      const kept = await mark.read();
      steadyAt = machine.steady();
      time = machine.now();
      const isFarAhead = kept !== null && time > kept + jumpMsMax && !options.isMachineRight;
      // What was written within the last minute may be newer than the mark.
      if (kept !== null && (time < kept || isFarAhead)) time = kept + KEEP_MS;
      now();
      await keep();
      keeping.start();
    },
    stop: keeping.stop,
  };
}
