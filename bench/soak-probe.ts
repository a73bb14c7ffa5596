/**
 * Preloaded into the server of `soak.ts`, in each of its threads: times what the writer thread does, and answers with that and the memory of the
 * process whenever its parent asks.
 */

import { constants, PerformanceObserver } from 'node:perf_hooks';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { getHeapStatistics } from 'node:v8';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

export interface Timing {
  count: number;
  sumMs: number;
  worstMs: number;
}

export interface Probe {
  readonly rss: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  /** Reserved by the heaps of the other threads, all together. */
  readonly threadHeaps: readonly number[];
  readonly timings: Readonly<Record<string, Timing>>;
}

const TELL_MS = 500;
const timings: Record<string, Timing> = {};
const channel = new BroadcastChannel('soak');
channel.unref();

function note(name: string, ms: number): void {
  timings[name] ??= { count: 0, sumMs: 0, worstMs: 0 };
  const timing = timings[name];
  timing.count += 1;
  timing.sumMs += ms;
  timing.worstMs = Math.max(timing.worstMs, ms);
}

function timed<T>(name: string, work: () => T): T {
  const startedAt = performance.now();
  try {
    return work();
  } finally {
    note(name, performance.now() - startedAt);
  }
}

function nameOf(sql: string): string | null {
  if (sql.includes('wal_checkpoint(PASSIVE)')) return 'checkpoint';
  if (sql.includes('incremental_vacuum')) return 'shrink';
  return sql === 'COMMIT' ? 'commit' : null;
}

let lotAt = 0;
let hasRemovals = false;
const { exec, prepare } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql: string) {
  if (sql === 'BEGIN IMMEDIATE') {
    lotAt = performance.now();
    hasRemovals = false;
  }
  const name = nameOf(sql);
  if (name === null) return exec.call(this, sql);
  if (name === 'commit') note(hasRemovals ? 'lot with removals' : 'lot', performance.now() - lotAt);
  timed(name, () => exec.call(this, sql));
};
DatabaseSync.prototype.prepare = function (sql: string, ...rest) {
  const statement: StatementSync = prepare.call(this, sql, ...rest);
  const name = nameOf(sql);
  const isRemoval = /^\s*DELETE FROM jobs\b/i.test(sql);
  if (name === null && !isRemoval) return statement;
  for (const method of ['all', 'run'] as const) {
    const call = statement[method].bind(statement) as (...values: unknown[]) => unknown;
    const counted = (...values: unknown[]) => {
      hasRemovals ||= isRemoval;
      return name === null ? call(...values) : timed(name, () => call(...values));
    };
    Object.assign(statement, { [method]: counted });
  }
  return statement;
};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { kind } = ('detail' in entry ? entry.detail : {}) as { readonly kind?: number };
    const isMinor = kind === constants.NODE_PERFORMANCE_GC_MINOR;
    note(`${isMinor ? 'minor' : 'major'} gc of ${isMainThread ? 'the main thread' : 'threads'}`, entry.duration);
  }
}).observe({ entryTypes: ['gc'] });

if (isMainThread) answerParent();
else setInterval(tell, TELL_MS).unref();

interface Told {
  readonly threadId: number;
  readonly heapTotal: number;
  readonly timings: Readonly<Record<string, Timing>>;
}

function tell(): void {
  channel.postMessage({ threadId, heapTotal: getHeapStatistics().total_heap_size, timings } satisfies Told);
  for (const name of Object.keys(timings)) delete timings[name];
}

function answerParent(): void {
  const heaps = new Map<number, number>();
  channel.onmessage = (event) => {
    const { data } = event as { readonly data: Told };
    heaps.set(data.threadId, data.heapTotal);
    const others = data.timings;
    for (const [name, { count, sumMs, worstMs }] of Object.entries(others)) {
      const known = timings[name] ?? { count: 0, sumMs: 0, worstMs: 0 };
      timings[name] = {
        count: known.count + count,
        sumMs: known.sumMs + sumMs,
        worstMs: Math.max(known.worstMs, worstMs),
      };
    }
  };
  process.on('message', () => {
    const { rss, external } = process.memoryUsage();
    const { used_heap_size: heapUsed, total_heap_size: heapTotal } = getHeapStatistics();
    const threadHeaps = [...heaps.values()];
    process.send?.({ rss, heapUsed, heapTotal, external, threadHeaps, timings } satisfies Probe);
    for (const name of Object.keys(timings)) delete timings[name];
  });
  process.channel?.unref();
}
