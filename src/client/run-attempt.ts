/** One job in the hands of a remote worker: its handler, its heartbeat, its progress, its outcome (see run-worker.ts). */
import type { Json } from '../core/job.ts';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import type { RunWorkerOptions, WorkResult } from './run-worker.ts';
import type { WorkBody } from './wire.ts';
import type { BytesResult, WorkFailure } from './working.ts';

export type AttemptOptions = RunWorkerOptions &
  Required<{ readonly [K in 'leaseMs' | 'pause' | 'now' | 'onTrouble']: NonNullable<RunWorkerOptions[K]> }>;

/** Least time between two progress reports: people watch them, and four a second look like a flow. */
const PROGRESS_GAP_MS = 250;
/** A job that was lost, finished otherwise or removed: nothing that this worker says about it counts. */
const LOST_STATUSES: ReadonlySet<number> = new Set([404, 409, 410]);

export async function runAttempt(client: Client, job: WorkBody, options: AttemptOptions): Promise<void> {
  const stop = new AbortController();
  const ended = new AbortController();
  const heart = beat(client, job, options, { stop, ended: ended.signal });
  const reporter = createReporter(client, job, options, ended.signal);
  const outcome = await outcomeOf(job, options, stop.signal, reporter.progress);
  ended.abort();
  await Promise.all([heart, reporter.flushed()]);
  if (stop.signal.reason === 'lost') return;
  await settle(client, job, outcome).catch((error: unknown) => options.onTrouble(error));
}

type Outcome =
  | { readonly kind: 'succeeded'; readonly result: WorkResult }
  | { readonly kind: 'failed'; readonly failure: WorkFailure; readonly isRetryable: boolean };

async function outcomeOf(
  job: WorkBody,
  options: AttemptOptions,
  signal: AbortSignal,
  progress: (percent: number, message?: string) => void,
): Promise<Outcome> {
  try {
    return { kind: 'succeeded', result: await options.handle(job, { signal, progress }) };
  } catch (error) {
    return failureOf(error);
  }
}

/** A failure of any shape: handlers throw strings too. `WorkError` is told by its fields, so that a second copy of this package counts. */
function failureOf(error: unknown): Outcome {
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (!(error instanceof Error) || error.name !== 'WorkError') {
    return { kind: 'failed', failure: { code: 'HANDLER_FAILED', message }, isRetryable: true };
  }
  const facts = error as Error & { readonly code: string; readonly isRetryable: boolean; readonly details: Json };
  return {
    kind: 'failed',
    failure: { code: facts.code, message, details: facts.details },
    isRetryable: facts.isRetryable,
  };
}

async function settle(client: Client, job: WorkBody, outcome: Outcome): Promise<void> {
  if (outcome.kind === 'failed') {
    await client.work.fail(job, outcome.failure, { isRetryable: outcome.isRetryable });
  } else if (isBytes(outcome.result)) {
    await client.work.succeedWithBytes(job, outcome.result);
  } else {
    await client.work.succeed(job, outcome.result ?? null);
  }
}

function isBytes(result: WorkResult): result is BytesResult {
  return typeof result === 'object' && result !== null && 'bytes' in result && result.bytes instanceof Uint8Array;
}

/** Renews the lease until the attempt has ended; fires `stop` on cancel and loss. */
async function beat(
  client: Client,
  job: WorkBody,
  options: AttemptOptions,
  { stop, ended }: { readonly stop: AbortController; readonly ended: AbortSignal },
): Promise<void> {
  const { leaseMs, now, pause } = options;
  // A third: two heartbeats may be lost on the way before the lease is.
  const turnMs = leaseMs / 3;
  for (let heldAt = now(); !ended.aborted && stop.signal.reason !== 'lost'; ) {
    const startedAt = now();
    try {
      // Once the cancel is known the server would answer at once, so the hold makes way for a plain pause.
      const waitMs = stop.signal.aborted ? 0 : turnMs;
      const answer = await client.work.heartbeat(job, { leaseMs, waitMs, signal: ended });
      heldAt = now();
      if (answer.cancelRequested) stop.abort('cancel');
    } catch (error) {
      if (ended.aborted) return;
      const isRefused = error instanceof ClientError && error.status !== null && LOST_STATUSES.has(error.status);
      options.onTrouble(error);
      if (isRefused || now() - heldAt >= leaseMs) return stop.abort('lost');
    }
    await pause(Math.max(0, startedAt + turnMs - now()), ended).catch(() => {});
  }
}

/** Sends the newest progress, one request at a time, at most one per `PROGRESS_GAP_MS`. */
function createReporter(client: Client, job: WorkBody, options: AttemptOptions, ended: AbortSignal) {
  let latest: { readonly percent: number; readonly message?: string } | null = null;
  let sending: Promise<void> | null = null;

  async function send(): Promise<void> {
    while (latest !== null && !ended.aborted) {
      const report = latest;
      latest = null;
      await client.work
        .heartbeat(job, { ...report, leaseMs: options.leaseMs, signal: ended })
        .catch((error: unknown) => (ended.aborted ? undefined : options.onTrouble(error)));
      await options.pause(PROGRESS_GAP_MS, ended).catch(() => {});
    }
    sending = null;
  }

  return {
    progress(percent: number, message?: string): void {
      latest = message === undefined ? { percent } : { percent, message };
      sending ??= send();
    },
    flushed: () => sending ?? Promise.resolve(),
  };
}
