/**
 * Gives memory back to the machine once the process has nothing to do.
 *
 * V8 collects garbage when it needs room, never because there is time: a server kept all that its busy minutes had taken, hours later too
 * (694 MB after 3 minutes of load and 45 s of rest: 365 MB of heap with 48 MB in use). So, at rest for half a minute, the heaps are collected and
 * their pages go back to the system; again after one, two and four minutes, since snapshots that nobody asks for leave only then. A
 * collection stops its thread for some 50 ms (330 where others had both cores), which is why there are so few, and none while there is work.
 */
import type { Clock } from '../engine/index.ts';

const LOOK_MS = 10_000;
const LOOKS_OF_REST: ReadonlySet<number> = new Set([3, 6, 12, 24]);
/** Of the event loop's time. Sweeps, probes and a scraper of metrics take less than 1 %. */
const REST_SHARE_MAX = 0.02;

export interface MemoryAtRestOptions {
  readonly clock: Clock;
  /** The part of its time that this thread was busy since the last call. */
  readonly busyShare: () => number;
  readonly collect: () => Promise<void>;
}

/** @returns ends it */
export function giveBackAtRest({ clock, busyShare, collect }: MemoryAtRestOptions): () => void {
  let looks = 0;
  let cancel = clock.after(LOOK_MS, look);

  function look(): void {
    looks = busyShare() <= REST_SHARE_MAX ? looks + 1 : 0;
    // A Node without an inspector keeps its memory: nobody is told, for nothing is wrong.
    if (LOOKS_OF_REST.has(looks)) void collect().catch(() => {});
    cancel = clock.after(LOOK_MS, look);
  }

  return () => cancel();
}

/** The part of its time that this thread was busy since the last call of what is returned. */
export function busyShares(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
