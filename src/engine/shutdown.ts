/**
 * Ends the engine without losing anything.
 *
 * 1. `closing` fires: held waits and held workers are answered with the current state.
 * 2. Nothing more is claimed; what a claim under way brings is released.
 * 3. Running attempts have `drainMs` to finish. Then, or at once when forced, they are told to stop and given back: their
 *    jobs run again elsewhere, without an attempt counted. Leases are renewed until the last one is settled.
 * 4. Loops stop, handlers close.
 */
import type { LiveAttempt } from './attempt.ts';
import type { Clock } from './clock.ts';
import type { EngineParts } from './engine-parts.ts';

export interface StopOptions {
  /** Time for running jobs; `limits.drainMs` unless told. */
  readonly drainMs?: number;
  /** Ends the patience: attempts are told to stop now. */
  readonly force?: AbortSignal;
}

/** What a handler gets beyond its grace, and after a force instead of it, for its outcome to be stored. */
const LAST_MS = 1_000;
/** What a handler gets to free what it keeps. */
const CLOSE_MS = 10_000;

export async function shutDown(parts: EngineParts, drainMs: number, force: AbortSignal): Promise<void> {
  const { closing, waiters, desk, dispatcher, live, loops, clock, limits } = parts;
  closing.abort();
  waiters.close();
  desk.close();
  await dispatcher.stop();
  await settledWithin(live.all(), clock, drainMs, force);
  for (const attempt of live.all()) attempt.abort('shutdown');
  await settledWithin(live.all(), clock, limits.cancelGraceMs, force);
  // Forced or out of grace: the signal has just been given, so what reacts to it at once still gets its outcome stored.
  await settledWithin(live.all(), clock, LAST_MS);
  for (const attempt of live.all()) attempt.abandon();
  await settledWithin(live.all(), clock, LAST_MS);
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
