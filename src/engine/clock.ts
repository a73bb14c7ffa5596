/** The clock that the engine runs by: real in production, turned by hand in tests. */

/** A timer that was set; calling it twice or after it fired does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Epoch ms. Where several machines share a store, aligned to the store's clock. */
  now(): number;
  /** Ms from anywhere, by a counter that never jumps: for what this process alone measures, such as its own leases. */
  steady(): number;
  /** Calls `fire` once, `delayMs` from now (0 or less: on the next turn). Does not keep the process alive. */
  after(delayMs: number, fire: () => void): CancelTimer;
  /** It never jumps and its process is never frozen, so that nobody has to look after it every second: a test turns it through days. */
  readonly isSteadied?: true;
}

/** setTimeout takes 31 bits of milliseconds (24.8 days) and fires at once beyond: longer delays are made of hops. */
const HOP_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(delayMs, fire) {
    const dueAt = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const hop = () => {
      const leftMs = dueAt - performance.now();
      timer = setTimeout(leftMs > HOP_MS_MAX ? hop : fire, Math.min(Math.max(leftMs, 0), HOP_MS_MAX));
      timer.unref();
    };
    hop();
    return () => clearTimeout(timer);
  },
};
