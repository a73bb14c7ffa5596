/**
 * What every wait of the client is made of: holds of bounded length, at a bounded pace, until a deadline.
 *
 * The server bounds one hold (`limits.waitMsMax`), and so do proxies on the way; a wait is therefore a loop of holds. A server
 * that answers at once instead of holding (it is full, or shutting down) is asked again at a walking pace, never in a spin.
 */
import type { Transport } from './transport.ts';

/** One hold: half of the server's default limit, and under the 60 s at which many proxies cut. */
export const HOLD_MS = 30_000;
/** Least time between two requests of one wait, where the server does not hold. */
const PACE_MS = 1_000;

export interface HoldLoop {
  /** Epoch ms; Infinity without a timeout. */
  deadlineOf(timeoutMs: number | undefined): number;
  holdMsUntil(deadline: number): number;
  /** Sees to it that a request which came back empty-handed took `PACE_MS`, or all the time that was left. */
  keepPace(startedAt: number, deadline: number, signal: AbortSignal | undefined): Promise<void>;
}

export function holdLoop(transport: Transport): HoldLoop {
  return {
    deadlineOf: (timeoutMs) => transport.now() + (timeoutMs ?? Number.POSITIVE_INFINITY),
    holdMsUntil: (deadline) => Math.max(0, Math.min(HOLD_MS, deadline - transport.now())),
    async keepPace(startedAt, deadline, signal) {
      const restMs = Math.min(startedAt + PACE_MS, deadline) - transport.now();
      if (restMs > 0) await transport.pause(restMs, signal);
    },
  };
}

/** Seconds with milliseconds after the point: how waits are said in URLs and headers. */
export function secondsOf(ms: number): string {
  return String(Math.ceil(ms) / 1_000);
}
