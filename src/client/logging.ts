/** What a job says: page by page, or line by line as it comes. */
import type { LogLevel } from '../core/log-line.ts';
import type { CallOptions } from './commanding.ts';
import { holdLoop, secondsOf } from './hold-loop.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Transport } from './transport.ts';
import type { LogLineBody, LogsBody } from './wire.ts';

export interface FollowLogsOptions extends CallOptions {
  /** Only lines behind this offset. */
  readonly after?: number | undefined;
  readonly attempt?: number | undefined;
  /** Only lines at this level or above. */
  readonly level?: LogLevel | undefined;
}

export interface LogsOptions extends FollowLogsOptions {
  readonly limit?: number | undefined;
  /** Holds the call until there is such a line, the job is over, or this time is. */
  readonly waitMs?: number | undefined;
}

export function logging(transport: Transport) {
  const loop = holdLoop(transport);

  async function logs(id: string, options: LogsOptions = {}): Promise<LogsBody> {
    requireKnown('logs', options, ['after', 'attempt', 'level', 'limit', 'waitMs', 'signal']);
    return page(id, options);
  }

  async function page(id: string, options: LogsOptions, onCut?: (heldMs: number) => void): Promise<LogsBody> {
    const { waitMs: holdMs = 0, signal, ...filter } = options;
    const query = new URLSearchParams(holdMs === 0 ? {} : { wait: secondsOf(holdMs) });
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
    const call = { method: 'GET', path: pathOf(id, 'logs'), query, isRepeatable: true, holdMs, signal } as const;
    return (await transport.call(onCut === undefined ? call : { ...call, onCut })).body as LogsBody;
  }

  /** All lines, those to come included, until the job is over. Rejects as `get` does. */
  async function* followLogs(
    id: string,
    options: FollowLogsOptions = {},
  ): AsyncGenerator<LogLineBody, void, undefined> {
    requireKnown('followLogs', options, ['after', 'attempt', 'level', 'signal']);
    for (let after = options.after ?? 0; ; ) {
      const startedAt = transport.now();
      const { lines, next, done } = await loop.held(Number.POSITIVE_INFINITY, options.signal, (waitMs, onCut) =>
        page(id, { ...options, after, waitMs }, onCut),
      );
      yield* lines;
      if (done) return;
      after = next;
      if (lines.length === 0) await loop.keepPace(startedAt, Number.POSITIVE_INFINITY, options.signal);
    }
  }

  return { logs, followLogs };
}
