/**
 * Whether this process should get traffic: started, not shutting down, and what is submitted to it would be stored and done.
 *
 * - A write of the last second that went well is the best proof, and costs nothing. Without one the store makes a write that
 *   leaves no trace, one at a time. It has `PING_MS`: a locked table or a disk that hangs counts as "no".
 * - A full disk may have room for that small write and for no job. So a job that did not fit counts for `FULL_MS`, unless a
 *   later write went well.
 * - Sweeping that fails for `SWEEP_MS` means that leases, deadlines and retention stand still, whatever callers see.
 */
import type { BideError } from '../core/errors.ts';
import type { EngineBase } from './engine-base.ts';
import type { TelemetryEvent } from './telemetry.ts';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export type EngineState = 'new' | 'started' | 'stopped';

const READY: Readiness = { ready: true };
const WRITES: ReadonlySet<string> = new Set(['insert', 'apply', 'extend', 'remove']);
/** A load balancer asks every few seconds; a store that takes longer than this to say that it is there is not. */
const PING_MS = 2_000;
/** How long a write that went well says enough. */
const FRESH_MS = 1_000;
/** Long enough for every balancer to see it. */
const FULL_MS = 10_000;
/** Longer than a lock or a deadlock that only one round of sweeping met, shorter than a lease. */
const SWEEP_MS = 10_000;

export function createReadiness({
  store,
  clock,
  telemetry,
}: Pick<EngineBase, 'store' | 'clock' | 'telemetry'>): (state: EngineState) => Promise<Readiness> {
  let write: { readonly at: number; readonly error: BideError | null } | null = null;
  let failedSweep: { readonly at: number; readonly error: unknown } | null = null;
  let pinging: Promise<Readiness> | null = null;

  telemetry.subscribe((event: TelemetryEvent) => {
    if (event.kind === 'batchSent' && WRITES.has(event.batch)) write = { at: clock.now(), error: event.error };
    if (event.kind === 'loopFailed' && event.loop === 'sweeper')
      failedSweep ??= { at: clock.now(), error: event.error };
    if (event.kind === 'loopRecovered' && event.loop === 'sweeper') failedSweep = null;
  });

  return async (state) => {
    if (state === 'new') return no('The engine has not started yet.');
    if (state === 'stopped') return no('The server is shutting down.');
    const now = clock.now();
    if (failedSweep !== null && now - failedSweep.at >= SWEEP_MS) {
      return no(
        `Sweeping has failed for ${Math.round((now - failedSweep.at) / 1_000)} s: ${wordsOf(failedSweep.error)}`,
      );
    }
    if (write !== null && write.error === null && now - write.at < FRESH_MS) return READY;
    if (write?.error?.code === 'STORE_FULL' && now - write.at < FULL_MS) return no(write.error.message);
    return pinged();
  };

  function pinged(): Promise<Readiness> {
    pinging ??= ping().finally(() => {
      pinging = null;
    });
    const late = Promise.withResolvers<Readiness>();
    const cancelTimer = clock.after(PING_MS, () =>
      late.resolve(no(`The database stored nothing within ${PING_MS} ms.`)),
    );
    return Promise.race([pinging, late.promise]).finally(cancelTimer);
  }

  async function ping(): Promise<Readiness> {
    try {
      await store.ping();
      return READY;
    } catch (error) {
      return no(wordsOf(error));
    }
  }
}

function no(reason: string): Readiness {
  return { ready: false, reason };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
