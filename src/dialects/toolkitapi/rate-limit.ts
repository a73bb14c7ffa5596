/**
 * A sliding window of requests per caller, and the headers that tell of it.
 *
 * A window is cut into slices; a request counts until its slice leaves the window, so the count is never too low and `reset` is a
 * time at which room is made for certain. In memory: each process counts what it answers.
 */

export interface Standing {
  readonly limit: number;
  readonly remaining: number;
  /** Epoch ms at which the oldest counted requests leave the window. */
  readonly resetAt: number;
  readonly isOver: boolean;
}

export interface RateLimit {
  /** Counts one request of this caller, unless he is over his limit. */
  take(caller: string, now: number): Standing;
}

const SLICES = 60;
/** Callers that are remembered; past it the one who came longest ago starts anew. */
const CALLERS_MAX = 50_000;

interface Slice {
  readonly startAt: number;
  count: number;
}

export function createRateLimit(options: { readonly requestsMax: number; readonly windowMs: number }): RateLimit {
  const { requestsMax: limit, windowMs } = options;
  const sliceMs = windowMs / SLICES;
  const callers = new Map<string, Slice[]>();

  function slicesOf(caller: string, now: number): Slice[] {
    const slices = (callers.get(caller) ?? []).filter(({ startAt }) => startAt + sliceMs + windowMs > now);
    callers.delete(caller);
    callers.set(caller, slices);
    if (callers.size > CALLERS_MAX) callers.delete(callers.keys().next().value ?? caller);
    return slices;
  }

  return {
    take(caller, now) {
      const slices = slicesOf(caller, now);
      const used = slices.reduce((sum, { count }) => sum + count, 0);
      const isOver = used >= limit;
      if (!isOver) count(slices, Math.floor(now / sliceMs) * sliceMs);
      const oldest = slices[0]?.startAt ?? now;
      return { limit, remaining: Math.max(0, limit - used - 1), resetAt: oldest + sliceMs + windowMs, isOver };
    },
  };
}

function count(slices: Slice[], startAt: number): void {
  const last = slices.at(-1);
  if (last?.startAt === startAt) last.count += 1;
  else slices.push({ startAt, count: 1 });
}

/** As the vendor sends them; the reset in unix seconds, rounded up so that it is never too early. */
export function rateHeaders({ limit, remaining, resetAt }: Standing): Readonly<Record<string, string>> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(Math.ceil(resetAt / 1_000)),
  };
}
