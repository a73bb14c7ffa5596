/**
 * Ends the engine without losing anything.
 *
 * 1. `draining` fires: the process is not ready, and nothing more is claimed, neither here nor by remote workers. What a claim
 *    under way brings is released. Reads, waits, heartbeats and completions go on as before. So do submits: they are on disk
 *    when they are acknowledged, another process runs them or the next one does, and a refusal would only lose them.
 * 2. Running attempts have `drainMs` to finish. Then, or at once when forced, they are told to stop and given back: their
 *    jobs run again elsewhere, without an attempt counted. Leases are renewed until the last one is settled. Where nothing runs,
 *    this takes no longer than `drainMsMin`.
 * 3. `closing` fires: held waits are answered with the current state.
 * 4. Loops stop, handlers close.
 */

import type { Clock } from './clock.ts';
import type { EngineParts } from './engine-parts.ts';
import type { LiveAttempt } from './running/attempt.ts';

export interface StopOptions {
  /** Time for running jobs; `limits.drainMs` unless told. */
  readonly drainMs?: number;
  /** Time that the drain takes at the least, unless it is forced; 0 unless told. */
  readonly drainMsMin?: number;
  /** Ends the patience: attempts are told to stop now. */
  readonly force?: AbortSignal;
}

/** What a handler gets beyond its grace, and after a force instead of it, for its outcome to be stored. */
const LAST_MS = 1_000;
/** What a handler gets to free what it keeps. */
const CLOSE_MS = 10_000;
const NEVER = new Promise<never>(() => {});

/** Steps 1 and 2: resolves when no attempt is left. */
export async function drain(parts: EngineParts, { drainMs, drainMsMin, force }: Required<StopOptions>): Promise<void> {
  const { draining, desk, dispatcher, live, clock, limits } = parts;
  draining.abort();
  desk.close();
  const noticed = drainMsMin === 0 ? null : within(NEVER, clock, drainMsMin, force);
  await dispatcher.stop();
  await settledWithin(live.all(), clock, drainMs, force);
  for (const attempt of live.all()) attempt.abort('shutdown');
  await settledWithin(live.all(), clock, limits.cancelGraceMs, force);
  // Forced or out of grace: the signal has just been given, so what reacts to it at once still gets its outcome stored.
  await settledWithin(live.all(), clock, LAST_MS);
  for (const attempt of live.all()) attempt.abandon();
  await settledWithin(live.all(), clock, LAST_MS);
  await noticed;
}

/** Steps 3 and 4, once drained. */
export async function shutDown(parts: EngineParts): Promise<void> {
  const { closing, waiters, groupWatch, feed, loops } = parts;
  closing.abort();
  waiters.close();
  groupWatch.close();
  feed.close();
  await Promise.all(loops.map((loop) => loop.stop()));
  await closeHandlers(parts);
}

/** A handler that does not let go must not keep the process: whatever it holds goes with the process. */
async function closeHandlers({ types, clock, telemetry }: EngineParts): Promise<void> {
  const closing = [...types.values()].map(async ({ handler }) => {
    try {
      if (handler !== 'remote') await handler.close?.();
    } catch (error) {
      telemetry.emit({ kind: 'internalError', where: 'handler close', error });
    }
  });
  await within(Promise.all(closing), clock, CLOSE_MS);
}

/** Resolves when all are settled, the time is over, or the force fires. */
async function settledWithin(
  attempts: Iterable<LiveAttempt>,
  clock: Clock,
  ms: number,
  force?: AbortSignal,
): Promise<void> {
  await within(Promise.all([...attempts].map(({ settled }) => settled)), clock, ms, force);
}

async function within(work: Promise<unknown>, clock: Clock, ms: number, force?: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const done = () => over.resolve();
  const cancelTimer = clock.after(ms, done);
  if (force?.aborted) done();
  force?.addEventListener('abort', done, { once: true });
  await Promise.race([work, over.promise]);
  force?.removeEventListener('abort', done);
  cancelTimer();
}
