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
  /** Counts one request of this caller, unless they are over their limit. */
  take(caller: string, now: number): Standing;
}

const SLICES = 60;
/** Callers that are remembered; past it the one who first came longest ago starts anew. */
const CALLERS_MAX = 50_000;

interface Slice {
  readonly startAt: number;
  count: number;
}

interface Caller {
  /** The oldest first. */
  readonly slices: Slice[];
  used: number;
}

export function createRateLimit(options: { readonly requestsMax: number; readonly windowMs: number }): RateLimit {
  const { requestsMax: limit, windowMs } = options;
  const sliceMs = windowMs / SLICES;
  const callers = new Map<string, Caller>();

  function callerOf(name: string): Caller {
    const known = callers.get(name);
    if (known !== undefined) return known;
    const caller = { slices: [], used: 0 };
    callers.set(name, caller);
    if (callers.size > CALLERS_MAX) callers.delete(callers.keys().next().value ?? name);
    return caller;
  }

  return {
    take(name, now) {
      const caller = callerOf(name);
      forget(caller, now - sliceMs - windowMs);
      const isOver = caller.used >= limit;
      if (!isOver) count(caller, Math.floor(now / sliceMs) * sliceMs);
      const oldest = caller.slices[0]?.startAt ?? now;
      return { limit, remaining: limit - caller.used, resetAt: oldest + sliceMs + windowMs, isOver };
    },
  };
}

/** Drops the slices that began at this time or before: all of each has left the window. */
function forget(caller: Caller, time: number): void {
  while (caller.slices[0] !== undefined && caller.slices[0].startAt <= time) {
    caller.used -= caller.slices.shift()?.count ?? 0;
  }
}

function count(caller: Caller, startAt: number): void {
  const last = caller.slices.at(-1);
  if (last?.startAt === startAt) last.count += 1;
  else caller.slices.push({ startAt, count: 1 });
  caller.used += 1;
}

/** As the vendor sends them; the reset in unix seconds, rounded up so that it is never too early. */
export function rateHeaders({ limit, remaining, resetAt }: Standing): Readonly<Record<string, string>> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(Math.ceil(resetAt / 1_000)),
  };
}
