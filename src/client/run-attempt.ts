/** One job in the hands of a remote worker: its handler, its heartbeat, its progress (see run-worker.ts); `settle` reports how it ended. */
import { runThrough } from '../core/run-through.ts';
import { traceContextOf } from '../core/trace-context.ts';
import { openProcess } from '../trace/job-spans.ts';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import { LOST_STATUSES, settle } from './settle-attempt.ts';
import { CUT_MS } from './transport.ts';
import type { WorkBody } from './wire.ts';
import { createWorkLog } from './work-log.ts';
import { type Outcome, outcomeOf } from './work-outcome.ts';
import { createWorkOutput } from './work-output.ts';
import { createWorkSignals } from './work-signals.ts';
import { spanEndOf, tracesOf } from './work-trace.ts';
import type { AttemptOptions } from './worker-options.ts';

/** Least time between two progress reports: people watch them, and four a second look like a flow. */
const PROGRESS_GAP_MS = 250;
/** Most jobs are over sooner than that: they need no heartbeat, and opening one and cutting it off costs more than all their other calls. */
const FIRST_BEAT_MS = 100;

export async function runAttempt(client: Client, job: WorkBody, options: AttemptOptions): Promise<void> {
  const stop = new AbortController();
  const ended = new AbortController();
  const lease = { until: options.now() + options.leaseMs };
  const heart = beat(client, job, options, { stop, ended: ended.signal, lease });
  const reporter = createReporter(client, job, options, ended.signal);
  const said = createWorkLog(client, job, options);
  const output = createWorkOutput(client, job, options, stop.signal);
  const { emit } = output;
  const signals = createWorkSignals(job);
  const { waitForSignal } = signals;
  const span = openProcess({ ...job, trace: traceContextOf(job.traceparent, job.tracestate) });
  const handle = () => {
    const called = options.handle(job, {
      ...tracesOf(job, span),
      signal: stop.signal,
      progress: reporter.progress,
      log: said.log,
      emit,
      waitForSignal,
      parents: () => client.parents(job.id, { signal: stop.signal }),
    });
    return runThrough(called, { emit, isStopped: () => stop.signal.aborted });
  };
  const ran: Outcome = await outcomeOf(() => (span === null ? handle() : span.run(handle)));
  // The lease is kept meanwhile.
  const outcome = signals.settled(await output.settled(ran));
  ended.abort();
  await Promise.all([heart, reporter.flushed(), said.flushed()]);
  if (stop.signal.reason !== 'lost') await settle(client, job, outcome, { ...options, leaseUntil: lease.until });
  span?.end(spanEndOf(outcome, stop.signal.reason));
}

/** Renews the lease until the attempt has ended; fires `stop` on cancel and loss. */
async function beat(
  client: Client,
  job: WorkBody,
  options: AttemptOptions,
  { stop, ended, lease }: { readonly stop: AbortController; readonly ended: AbortSignal; lease: { until: number } },
): Promise<void> {
  const { leaseMs, now, pause } = options;
  // A third: two heartbeats may be lost on the way before the lease is.
  const turnMs = leaseMs / 3;
  let holdMs = turnMs;
  await pause(Math.min(FIRST_BEAT_MS, turnMs), ended).catch(() => {});
  while (!ended.aborted && stop.signal.reason !== 'lost') {
    const startedAt = now();
    try {
      // Once the cancel is known the server would answer at once, so the hold makes way for a plain pause.
      const waitMs = stop.signal.aborted ? 0 : holdMs;
      const answer = await client.work.heartbeat(job, { leaseMs, waitMs, signal: ended });
      lease.until = now() + leaseMs;
      if (answer.cancelRequested) stop.abort('cancel');
    } catch (error) {
      if (ended.aborted) return;
      const isRefused = error instanceof ClientError && error.status !== null && LOST_STATUSES.has(error.status);
      options.onTrouble(error);
      // Cut on its way, most likely: a shorter hold gets through.
      if (now() - startedAt >= CUT_MS) holdMs = holdMs > CUT_MS ? holdMs / 2 : 0;
      if (isRefused || now() >= lease.until) return stop.abort('lost');
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
