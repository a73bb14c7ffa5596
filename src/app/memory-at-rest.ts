/**
 * Gives memory back to the machine once the process has nothing to do.
 *
 * V8 collects garbage when it needs room, never because there is time: a server kept all that its busy minutes had taken, hours later too
 * (694 MB after 3 minutes of load and 45 s of rest: 365 MB of heap with 48 MB in use). So, at rest for half a minute, the heap is collected and its
 * pages go back to the system (676 MB, then 400); again after one, two and four minutes, since snapshots that nobody asks for leave only then. A
 * collection stops the process for some 50 ms (330 where others had both cores), which is why there are so few, and none while there is work.
 *
 * The heaps of the other threads, 20 to 150 MB each, stay as V8 leaves them.
 */
import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../engine/index.ts';

const LOOK_MS = 10_000;
const LOOKS_OF_REST: ReadonlySet<number> = new Set([3, 6, 12, 24]);
/** Of the event loop's time. Sweeps, probes and a scraper of metrics take less than 1 %. */
const REST_SHARE_MAX = 0.02;
/** A server that has done nothing yet has about 60 MB. */
const HEAP_BYTES_MIN = 96 * 1_048_576;

export interface MemoryAtRestOptions {
  readonly clock: Clock;
  /** The part of its time that this thread was busy since the last call. */
  readonly busyShare: () => number;
  readonly heapBytes: () => number;
  readonly collect: () => Promise<void>;
}

/** @returns ends it */
export function giveBackAtRest({ clock, busyShare, heapBytes, collect }: MemoryAtRestOptions): () => void {
  let looks = 0;
  let cancel = clock.after(LOOK_MS, look);

  function look(): void {
    looks = busyShare() <= REST_SHARE_MAX ? looks + 1 : 0;
    // A Node without an inspector keeps its memory: nobody is told, for nothing is wrong.
    if (LOOKS_OF_REST.has(looks) && heapBytes() >= HEAP_BYTES_MIN) void collect().catch(() => {});
    cancel = clock.after(LOOK_MS, look);
  }

  return () => cancel();
}

export function memoryOfThisThread(): Omit<MemoryAtRestOptions, 'clock'> {
  let before = performance.eventLoopUtilization();
  return {
    busyShare() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    heapBytes: () => getHeapStatistics().total_heap_size,
    collect,
  };
}

/** Unlike `gc()` this needs no flag of V8, and gives the pages back at once; those of a plain collection stay in V8's pool for 8 s. */
async function collect(): Promise<void> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
}
