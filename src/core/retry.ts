/** How long a failed attempt waits for the next one: exponential backoff with jitter. Pure, the random number comes from the caller. */
import type { RetryPolicy } from './job.ts';

/** The longest wait that a failure itself may ask for. An upstream that says "in a year" must not park a job for a year. */
export const RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1_000;

/**
 * Milliseconds to wait after failed attempt number `attempt` (1 for the first).
 *
 * The jitter takes up to a half off, never adds: `maxMs` is a promise to whoever set it. A full jitter (down to 0) was
 * rejected, since a job that fails at once would then be hammered at once every few tries.
 * @param random a number in [0, 1)
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  // Without this line a backoff of 0 becomes NaN after some thousand attempts: 0 times a power that overflowed to Infinity.
  if (policy.backoffMs === 0) return 0;
  const exponent = Math.max(0, attempt - 1);
  const full = Math.min(policy.maxMs, policy.backoffMs * policy.factor ** exponent);
  return Math.round(full * (1 - random / 2));
}

/** The wait that a failure asked for, made usable: 0 for none or nonsense, at most `RETRY_AFTER_MS_MAX`. */
export function askedWaitMs(retryAfterMs: number | undefined): number {
  if (retryAfterMs === undefined || Number.isNaN(retryAfterMs)) return 0;
  return Math.round(Math.min(RETRY_AFTER_MS_MAX, Math.max(0, retryAfterMs)));
}

/**
 * `given` over `base`. Of backoff and maximum the one that is given rules: a longer backoff raises a maximum that was only a default, a smaller
 * maximum lowers the backoff. Whoever gives both must not contradict themselves: see `isContradiction`.
 */
export function retryWith(base: RetryPolicy, given: Partial<RetryPolicy>): RetryPolicy {
  const policy = { ...base, ...given };
  if (policy.backoffMs <= policy.maxMs) return policy;
  return given.maxMs === undefined ? { ...policy, maxMs: policy.backoffMs } : { ...policy, backoffMs: policy.maxMs };
}

/** A first wait above the longest one. */
export function isContradiction({ backoffMs: first, maxMs }: Partial<RetryPolicy>): boolean {
  return first !== undefined && maxMs !== undefined && first > maxMs;
}
