/**
 * Waits whose first look at their jobs finds the database away: each rests, and looks again, for as long as its caller waits.
 *
 * Without this the moment decides: a request that was read just before an outage is held through it, one that was read just after is
 * refused, though both callers said how long they would wait.
 */
import { BideError } from '../../core/errors.ts';
import type { CallerSignal } from '../caller-signal.ts';
import type { Clock } from '../clock.ts';

export interface OutagePauses {
  /** Resolves when it is time to look again, with false where nobody waits any more: their time is over, they left, or waits are closed. */
  pause(caller: CallerSignal, leftMs: number): Promise<boolean>;
  /** Ends all pauses; later ones end at once. */
  close(): void;
}

/** In an outage a read fails at once: ten thousand waiters that look once a second cost a hundredth of a core. */
const LOOK_MS = 1_000;
const AWAY: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_READ_ONLY']);

export function isOutage(error: unknown): boolean {
  return error instanceof BideError && AWAY.has(error.code);
}

export function createOutagePauses(clock: Clock): OutagePauses {
  const pauses = new Set<() => void>();
  let isClosed = false;
  return {
    pause(caller, leftMs) {
      if (isClosed || caller.aborted || leftMs <= 0) return Promise.resolve(false);
      return new Promise((resolve) => {
        const end = () => {
          pauses.delete(end);
          caller.removeEventListener('abort', end);
          cancelTimer();
          resolve(!isClosed && !caller.aborted && leftMs > LOOK_MS);
        };
        const cancelTimer = clock.after(Math.min(leftMs, LOOK_MS), end);
        caller.addEventListener('abort', end, { once: true });
        pauses.add(end);
      });
    },
    close() {
      isClosed = true;
      for (const end of [...pauses]) end();
    },
  };
}
