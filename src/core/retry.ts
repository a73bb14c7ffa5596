/** Exponential backoff with jitter. Pure: the random number comes from the caller. */
import type { RetryPolicy } from './job.ts';

/**
 * Milliseconds to wait after failed attempt number `attempt` (1 for the first).
 *
 * The jitter takes up to a half off, never adds: `maxMs` is a promise to whoever set it. A full jitter (down to 0) was
 * rejected, since a job that fails at once would then be hammered at once every few tries.
 * @param random a number in [0, 1)
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const exponent = Math.max(0, attempt - 1);
  const full = Math.min(policy.maxMs, policy.backoffMs * policy.factor ** exponent);
  return Math.round(full * (1 - random / 2));
}
