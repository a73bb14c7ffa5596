/**
 * Notices that this process was frozen or its clock has jumped, before its attempts and the store are judged by the time.
 *
 * 1. **Frozen** (stopped, swapped out, a paused machine; the steady counter went on): where others share the store, attempts whose lease has
 *    passed meanwhile are told at once that they are lost, for somebody else may run the job by now. Where this process owns
 *    the store nobody can, and they go on. What a handler does between its thaw and that word overlaps with the next
 *    attempt for an instant: that is inherent, and the fence is there for it.
 * 2. **Jumped** (the time went on and the steady counter did not): leases and timeouts of remote workers were given out by the time
 *    before. For as long as one of them may last, the sweeper adds the jump to them. Work may have become due.
 */
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { LiveAttempts } from './live-attempts.ts';

export interface WakeWatch extends Loop {
  /** Looks now. */
  look(): void;
  /** By how much the time has jumped ahead within the longest lease. */
  readonly jumpedMs: number;
}

export interface WakeWatchOptions extends EngineBase {
  readonly live: LiveAttempts;
  readonly onJump: () => void;
}

const LOOK_MS = 1_000;
/** Smaller ones are the daily work of NTP, and of a store's clock that is measured over a network. */
const JUMP_MS = 1_000;

export function createWakeWatch(options: WakeWatchOptions): WakeWatch {
  const { store, live, clock, limits, onJump } = options;
  let steadyAt = clock.steady();
  let aheadMs = clock.now() - steadyAt;
  let jumps: readonly { readonly ms: number; readonly at: number }[] = [];
  const loop = createLoop({ ...options, name: 'wake watch', run });

  async function run(): Promise<number | null> {
    look();
    return clock.isSteadied === true ? null : LOOK_MS;
  }

  function look(): void {
    const steady = clock.steady();
    const goneMs = steady - steadyAt;
    const jumpMs = clock.now() - steady - aheadMs;
    steadyAt = steady;
    aheadMs += jumpMs;
    // Heartbeats come three times per lease: after less than that no lease can have passed for it.
    if (goneMs >= limits.leaseMs / 3 && store.facts.isShared) dropPassed(live, steady);
    if (Math.abs(jumpMs) < JUMP_MS) return;
    if (jumpMs > 0) jumps = [...jumps, { ms: jumpMs, at: steady }];
    onJump();
  }

  return {
    ...loop,
    look,
    get jumpedMs() {
      jumps = jumps.filter(({ at }) => clock.steady() - at < limits.leaseMsMax);
      return jumps.reduce((sum, { ms }) => sum + ms, 0);
    },
  };
}

function dropPassed(live: LiveAttempts, steady: number): void {
  for (const attempt of live.all()) {
    if (attempt.isRunning && attempt.leaseEndsAt <= steady) attempt.abort('lost');
  }
}
