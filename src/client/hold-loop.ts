/**
 * What every wait of the client is made of: holds of bounded length, at a bounded pace, until a deadline.
 *
 * The server bounds one hold (`limits.waitMsMax`), and so do proxies on the way; a wait is therefore a loop of holds. A server
 * that answers at once instead of holding (it is full, or shutting down) is asked again at a walking pace, never in a spin.
 *
 * A gateway that cuts holds before they are over (its own error, a broken connection, a page of its own) is asked for shorter ones from then
 * on, by this client in all its waits; one that cuts even the shortest ends the wait with its error.
 */
import { ClientError } from './client-error.ts';
import { CUT_MS, type Transport } from './transport.ts';

/** One hold: half of the server's default limit, and under the 60 s at which many proxies cut. */
const HOLD_MS = 30_000;
/** Least time between two requests of one wait, where the server does not hold. */
const PACE_MS = 1_000;
/** The shortest hold: a gateway that cuts it lets nothing through. */
const HOLD_MS_MIN = 1_000;

/** Asks for a hold of this length, and passes `onCut` on to the call. */
export type AskHeld<T> = (holdMs: number, onCut: (heldMs: number) => void) => Promise<T>;

export interface HoldLoop {
  /** Epoch ms; Infinity without a timeout. */
  deadlineOf(timeoutMs: number | undefined): number;
  /** One hold that ends by the deadline (none at all after it), or shorter ones until one is not cut. */
  held<T>(deadline: number, signal: AbortSignal | undefined, ask: AskHeld<T>): Promise<T>;
  /** Sees to it that a request which came back empty-handed took `PACE_MS`, or all the time that was left. */
  keepPace(startedAt: number, deadline: number, signal: AbortSignal | undefined): Promise<void>;
}

export function holdLoop(transport: Transport): HoldLoop {
  let longestMs = HOLD_MS;

  async function held<T>(deadline: number, signal: AbortSignal | undefined, ask: AskHeld<T>): Promise<T> {
    for (;;) {
      const startedAt = transport.now();
      const holdMs = Math.max(0, Math.min(longestMs, deadline - startedAt));
      let cutMs: number | null = null;
      try {
        return await ask(holdMs, (heldMs) => {
          cutMs = heldMs;
        });
      } catch (error) {
        // A foreign answer comes as a success, so the call does not know it for a cut.
        const spentMs = transport.now() - startedAt;
        if (error instanceof ClientError && error.code === 'BAD_ANSWER' && spentMs >= CUT_MS) cutMs = spentMs;
        if (cutMs === null || holdMs <= HOLD_MS_MIN) throw error;
        longestMs = Math.max(HOLD_MS_MIN, Math.min(holdMs, cutMs) / 2);
        await transport.pause(PACE_MS, signal);
      }
    }
  }

  return {
    held,
    deadlineOf: (timeoutMs) => transport.now() + (timeoutMs ?? Number.POSITIVE_INFINITY),
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
