/** What a job says and emits: page by page, or line by line as it comes. */
import type { LogLevel } from '../core/log-line.ts';
import type { CallOptions } from './commanding.ts';
import { holdLoop, secondsOf } from './hold-loop.ts';
import type { JobRef } from './job-ref.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Transport } from './transport.ts';
import type { ChunkBody, LogLineBody, LogsBody, OutputBody } from './wire.ts';

export interface FollowOutputOptions extends CallOptions {
  /** Only what is behind this offset. */
  readonly after?: number | undefined;
  readonly attempt?: number | undefined;
}

export interface FollowLogsOptions extends FollowOutputOptions {
  /** Only lines at this level or above. */
  readonly level?: LogLevel | undefined;
}

interface PageOptions {
  readonly limit?: number | undefined;
  /** Holds the call until there is more, the job is over, or this time is. */
  readonly waitMs?: number | undefined;
}

export type LogsOptions = FollowLogsOptions & PageOptions;
export type OutputOptions = FollowOutputOptions & PageOptions;

type What = 'logs' | 'output';
interface Bodies {
  readonly logs: LogsBody;
  readonly output: OutputBody;
}

export function logging(transport: Transport) {
  const loop = holdLoop(transport);

  async function logs(id: JobRef, options: LogsOptions = {}): Promise<LogsBody> {
    requireKnown('logs', options, ['after', 'attempt', 'level', 'limit', 'waitMs', 'signal']);
    return page('logs', id, options);
  }

  async function output(id: JobRef, options: OutputOptions = {}): Promise<OutputBody> {
    requireKnown('output', options, ['after', 'attempt', 'limit', 'waitMs', 'signal']);
    return page('output', id, options);
  }

  async function page<W extends What>(
    what: W,
    id: JobRef,
    options: LogsOptions,
    onCut?: (heldMs: number) => void,
  ): Promise<Bodies[W]> {
    const { waitMs: holdMs = 0, signal, ...filter } = options;
    const query = new URLSearchParams(holdMs === 0 ? {} : { wait: secondsOf(holdMs) });
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
    const call = { method: 'GET', path: pathOf(id, what), query, isRepeatable: true, holdMs, signal } as const;
    return (await transport.call(onCut === undefined ? call : { ...call, onCut })).body as Bodies[W];
  }

  /** Page after page, those to come included, until the job is over. */
  async function* pages<W extends What>(
    what: W,
    id: JobRef,
    options: FollowLogsOptions,
  ): AsyncGenerator<Bodies[W], void, undefined> {
    for (let after = options.after ?? 0; ; ) {
      const startedAt = transport.now();
      const body = await loop.held(Number.POSITIVE_INFINITY, options.signal, (waitMs, onCut) =>
        page(what, id, { ...options, after, waitMs }, onCut),
      );
      yield body;
      if (body.done) return;
      const isEmpty = body.next === after;
      after = body.next;
      if (isEmpty) await loop.keepPace(startedAt, Number.POSITIVE_INFINITY, options.signal);
    }
  }

  /** All lines, those to come included, until the job is over. Rejects as `get` does. */
  async function* followLogs(
    id: JobRef,
    options: FollowLogsOptions = {},
  ): AsyncGenerator<LogLineBody, void, undefined> {
    requireKnown('followLogs', options, ['after', 'attempt', 'level', 'signal']);
    for await (const { lines } of pages('logs', id, options)) yield* lines;
  }

  /** All chunks, those to come included, until the job is over. Where the fence grows another run begins. Rejects as `get` does. */
  async function* followOutput(
    id: JobRef,
    options: FollowOutputOptions = {},
  ): AsyncGenerator<ChunkBody, void, undefined> {
    requireKnown('followOutput', options, ['after', 'attempt', 'signal']);
    for await (const { chunks } of pages('output', id, options)) yield* chunks;
  }

  return { logs, followLogs, output, followOutput };
}
