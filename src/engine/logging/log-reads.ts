/**
 * Reading a job's log or its output, and waiting for more of it.
 *
 * The job is read before its lines: what it said is stored before its end is, so a final job's lines are all there. Between two looks nothing is asked of the
 * store; only where other processes write to it as well, a look is due at every poll.
 */
import { isFinal } from '../../core/state.ts';
import type { LogPage, LogRequest, LogsOutcome, Snapshot } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Reader } from '../reading/reader.ts';
import { lookupOf, type Waiters } from '../reading/waiters.ts';
import type { Logs } from './logs.ts';

export interface LogReadsOptions extends Pick<EngineBase, 'store' | 'clock' | 'limits'> {
  readonly logs: Logs;
  readonly reader: Reader;
  readonly waiters: Waiters;
}

export function createLogReads(options: LogReadsOptions): (request: LogRequest) => Promise<LogsOutcome> {
  return (request) => readLogs(options, request);
}

async function readLogs(options: LogReadsOptions, request: LogRequest): Promise<LogsOutcome> {
  const { clock, logs, reader } = options;
  const endsAt = clock.now() + request.timeoutMs;
  const ears = listening(logs, request);
  try {
    for (;;) {
      ears.hasNews = false;
      const lookup = lookupOf((await reader.look([request.id]))[0], request.tenant);
      if (lookup.kind !== 'found') return lookup;
      const page = await pageOf(options, request, lookup.snapshot);
      const leftMs = endsAt - clock.now();
      const isOver = page.lines.length > 0 || page.isDone || leftMs <= 0 || request.signal.aborted;
      if (isOver || (!ears.hasNews && (await waitForMore(options, request, ears, leftMs)) === 'leave')) {
        return { kind: 'found', snapshot: lookup.snapshot, ...page };
      }
    }
  } finally {
    ears.close();
  }
}

async function pageOf({ store, limits }: LogReadsOptions, request: LogRequest, { job }: Snapshot): Promise<LogPage> {
  const { id, stream, after, attempt, levelMin } = request;
  const limit = Math.min(request.limit, limits.logPageMax);
  // Lines of a log are short.
  const bytesMax = stream === 'output' ? limits.outputPageBytesMax : undefined;
  const filter = { id, stream, attempt, levelMin };
  const lines = await store.logRead({ ...filter, after, limit, bytesMax });
  const next = lines.at(-1)?.offset ?? after;
  if (!isFinal(job.state)) return { lines, next, isDone: false };
  // A page that bytes ended may be the last one all the same, and only the store knows.
  const isCut = lines.length === limit || (bytesMax !== undefined && lines.length > 0);
  const isDone = !isCut || (await store.logRead({ ...filter, after: next, limit: 1 })).length === 0;
  return { lines, next, isDone };
}

interface Ears {
  hasNews: boolean;
  /** Fires at the next news, and when the caller goes away. */
  wake: AbortController;
  close(): void;
}

function listening(logs: Logs, { id, stream, signal }: LogRequest): Ears {
  const ears: Ears = { hasNews: false, wake: new AbortController(), close };
  const stop = logs.listen({ id, stream }, () => {
    ears.hasNews = true;
    ears.wake.abort();
  });
  const leave = () => ears.wake.abort();
  signal.addEventListener('abort', leave, { once: true });
  function close(): void {
    stop();
    signal.removeEventListener('abort', leave);
  }
  return ears;
}

/** `leave` when the caller went away or the engine closes; else it is time to look again. */
async function waitForMore(
  { waiters, clock, limits, store }: LogReadsOptions,
  { tenant, id, signal }: LogRequest,
  ears: Ears,
  leftMs: number,
): Promise<'look' | 'leave'> {
  const timeoutMs = store.facts.isShared ? Math.min(leftMs, limits.pollIntervalMs) : leftMs;
  const endsAt = clock.now() + timeoutMs;
  ears.wake = new AbortController();
  if (signal.aborted) return 'leave';
  const until = { kind: 'done' } as const;
  const { isSatisfied } = await waiters.wait({
    tenant,
    ids: [id],
    for: 'all',
    until,
    timeoutMs,
    signal: ears.wake.signal,
  });
  return isSatisfied || ears.hasNews || clock.now() >= endsAt ? 'look' : 'leave';
}
