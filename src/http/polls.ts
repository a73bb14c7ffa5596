/**
 * Looks at unfinished jobs that do not wait: how many a key may have a second, so that who asks again and again leaves room for those who ask as they are told.
 *
 * A token bucket per key, two numbers each, ten seconds deep. Keys that are remembered are bounded; one that was forgotten begins with a full bucket.
 */
import { BideError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Clock } from '../engine/clock.ts';

export interface Polls {
  /** Counts one look. Throws POLLED_TOO_OFTEN where the key has none left. */
  take(key: string): void;
}

export interface PollsOptions {
  readonly limits: Pick<Limits, 'pollsPerSecondMax'>;
  readonly clock: Pick<Clock, 'steady'>;
}

/** What an idle key may have at once, in seconds of its rate. */
const BURST_SECONDS = 10;
const KEYS_MAX = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

export function createPolls({ limits: { pollsPerSecondMax: rate }, clock }: PollsOptions): Polls {
  const buckets = new Map<string, Bucket>();
  const full = rate * BURST_SECONDS;

  function bucketOf(key: string, now: number): Bucket {
    const known = buckets.get(key);
    if (known !== undefined) return known;
    const bucket = { tokens: full, at: now };
    buckets.set(key, bucket);
    if (buckets.size > KEYS_MAX) buckets.delete(buckets.keys().next().value ?? key);
    return bucket;
  }

  return {
    take(key) {
      const now = clock.steady();
      const bucket = bucketOf(key, now);
      bucket.tokens = Math.min(full, bucket.tokens + ((now - bucket.at) / 1_000) * rate);
      bucket.at = now;
      if (bucket.tokens < 1) throw refusal(rate);
      bucket.tokens -= 1;
    },
  };
}

function refusal(value: number): BideError {
  const message = `This key looks at unfinished jobs more than ${value} times a second (pollsPerSecondMax). Look again when Retry-After says, or hold the request with a wait.`;
  return new BideError('POLLED_TOO_OFTEN', message, { limit: 'pollsPerSecondMax', value });
}
