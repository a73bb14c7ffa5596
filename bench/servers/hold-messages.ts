/** What the processes of held requests say to each other over their channels. */

/** To a holder or completer. */
export type HoldOrder =
  /** Makes so many jobs that run until they are completed. Answered with their paths. */
  | { readonly kind: 'prepare'; readonly count: number }
  /** Completes the jobs of these paths one by one at a steady rate. Answered with the epoch ms of each completing call. */
  | { readonly kind: 'complete'; readonly paths: readonly string[]; readonly perSecond: number }
  /** Collects garbage. Answered with the resident set in bytes. */
  | { readonly kind: 'memory' };

/** To the waiters: one connection per path, each asked for and left open. Answered when all are written, then when `awaited` are answered. */
export interface WaitOrder {
  readonly port: number;
  readonly paths: readonly string[];
  readonly awaited: number;
}

export interface Arrival {
  /** Epoch ms of the first byte. */
  readonly at: number;
  readonly path: string;
  readonly status: number;
}

/** On the clock that all processes of a machine share. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
