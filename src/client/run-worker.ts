/**
 * A remote worker as a loop: claims jobs over HTTP, runs `handle` for each, keeps their leases, reports how they ended.
 *
 * 1. While slots are free, one claim is held open for as many jobs as there are free slots.
 * 2. Beside each running job goes a heartbeat that the server holds: it renews the lease, and comes back at once when somebody
 *    cancels the job or when the job was given to another worker; `context.signal` then fires.
 * 3. What the handler returns is the result, by the rules that hold for functions on the server; what it throws is a failure, tried again
 *    unless it is a `WorkError` that says no. A result that cannot be sent, or that the server does not take, fails the job for good.
 *
 * Contact may be lost for as long as a lease lasts, also after the handler has ended: its report is sent again until then. After that the job belongs to whoever claimed it since: the signal fires with
 * `lost`, and whatever the handler still returns is dropped (the server would refuse it, by the fence).
 */
import type { Json } from '../core/job.ts';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import { requireKnown } from './known-options.ts';
import { runAttempt } from './run-attempt.ts';
import { CUT_MS, pauseFor } from './transport.ts';
import type { WorkBody } from './wire.ts';
import type { AttemptOptions, RunWorkerOptions } from './worker-options.ts';

/** A failure with a code of its own. */
export class WorkError extends Error {
  override readonly name = 'WorkError';
  readonly code: string;
  readonly isRetryable: boolean;
  readonly details: Json;

  constructor(
    code: string,
    message: string,
    options: { readonly isRetryable?: boolean; readonly details?: Json } = {},
  ) {
    super(message);
    this.code = code;
    this.isRetryable = options.isRetryable ?? true;
    this.details = options.details ?? null;
  }
}

const OPTIONS = ['types', 'handle', 'signal', 'name', 'slots', 'leaseMs', 'onTrouble', 'pause', 'now'] as const;
const LEASE_MS = 30_000;
const CLAIM_HOLD_MS = 30_000;
/** Pause after a claim that failed: short enough that a restarted server has its workers back at once. */
const TROUBLE_PAUSE_MS = 1_000;

/** Resolves when `signal` has fired and the last job has ended. Rejects when the server refuses the worker (key, types). */
export async function runWorker(client: Client, options: RunWorkerOptions): Promise<void> {
  requireKnown('runWorker', options, OPTIONS);
  const { signal, types, slots = 1, leaseMs = LEASE_MS, pause = pauseFor, onTrouble = () => {} } = options;
  const worker = options.name ?? `worker-${Math.random().toString(36).slice(2, 8)}`;
  const attempt: AttemptOptions = { ...options, leaseMs, pause, now: options.now ?? (() => Date.now()), onTrouble };
  const running = new Set<Promise<void>>();
  let holdMs = CLAIM_HOLD_MS;
  try {
    while (signal?.aborted !== true) {
      const max = slots - running.size;
      if (max === 0) await Promise.race(running);
      else {
        for (const job of await claim({ types, worker, max, leaseMs, waitMs: holdMs, signal })) start(job);
      }
    }
  } finally {
    await Promise.all(running);
  }

  function start(job: WorkBody): void {
    const run = runAttempt(client, job, attempt).finally(() => running.delete(run));
    running.add(run);
  }

  async function claim(request: Parameters<Client['work']['claim']>[0]): Promise<readonly WorkBody[]> {
    const startedAt = attempt.now();
    try {
      return await client.work.claim(request);
    } catch (error) {
      if (signal?.aborted === true) return [];
      if (!(error instanceof ClientError) || !error.isPassing) throw error;
      onTrouble(error);
      // Cut on its way, most likely: a shorter hold gets through.
      if (attempt.now() - startedAt >= CUT_MS) holdMs = Math.max(CUT_MS / 2, holdMs / 2);
      await pause(error.retryAfterMs ?? TROUBLE_PAUSE_MS, signal).catch(() => {});
      return [];
    }
  }
}
