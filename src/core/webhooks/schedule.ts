/**
 * When a delivery that failed is tried again: after 5 s (`deliveryBackoffMs`), 20 s, 80 s and so on, each four times the one before, at most six hours. With the
 * eleven tries that a delivery has unless told (`deliveryTriesMax`) that is some 26 hours, or half of that with the most jitter.
 *
 * Five seconds see a receiver through its restart, and a day sees its people through their night.
 */
import type { RetryPolicy } from '../job.ts';
import type { Limits } from '../limits.ts';
import { backoffMs } from '../retry.ts';

const SECOND = 1_000;
export const PAUSE_MS_MAX = 6 * 60 * 60 * SECOND;

const POLICY: Omit<RetryPolicy, 'backoffMs'> = { attempts: Number.POSITIVE_INFINITY, factor: 4, maxMs: PAUSE_MS_MAX };

export interface Failed {
  /** Tries so far. */
  readonly attempt: number;
  /** What the receiver asked for with Retry-After, 0 for nothing. A longer one than ours is kept to, up to `PAUSE_MS_MAX`. */
  readonly askedMs: number;
}

/** Milliseconds until the next try. */
export function pauseMs(
  { attempt, askedMs }: Failed,
  { deliveryBackoffMs }: Pick<Limits, 'deliveryBackoffMs'>,
  random: number,
): number {
  const asked = Number.isFinite(askedMs) ? Math.min(PAUSE_MS_MAX, Math.max(0, askedMs)) : 0;
  return Math.max(backoffMs({ ...POLICY, backoffMs: deliveryBackoffMs }, attempt, random), Math.round(asked));
}
