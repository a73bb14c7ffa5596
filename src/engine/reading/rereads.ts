/**
 * Keeps waiters and live attempts in step with a shared store: hinted jobs are read as soon as the last read is done, in one
 * batch; all waited and running jobs are read at every safety poll, since hints may be lost. Where one process owns the store
 * it sleeps, until a write fails and nobody knows whether it landed.
 */
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPollTimer } from '../poll-timer.ts';
import type { LiveAttempts } from '../running/live-attempts.ts';
import type { Reader } from './reader.ts';
import type { Waiters } from './waiters.ts';

export interface Rereads extends Loop {
  /** These jobs may have changed; null: any may have. */
  hint(ids: readonly string[] | null): void;
}

/** A poll that takes long because very many jobs are waited for must not become the main load: at most a tenth of the time. */
const POLL_SHARE = 10;

export function createRereads(
  options: Pick<EngineBase, 'store' | 'clock' | 'limits' | 'random' | 'telemetry'> & {
    readonly reader: Reader;
    readonly waiters: Waiters;
    readonly live: LiveAttempts;
  },
): Rereads {
  const { reader, waiters, live, clock } = options;
  let hinted = new Set<string>();
  const polls = createPollTimer(options);
  let isPollDue = false;
  let restsUntil = 0;

  const loop = createLoop({ ...options, name: 'rereads', run: turn });
  return {
    ...loop,
    hint(ids) {
      if (ids === null) isPollDue = true;
      else for (const id of ids) if (waiters.isWatched(id) || live.get(id) !== undefined) hinted.add(id);
      if (ids === null || hinted.size > 0) loop.wake();
    },
  };

  async function turn(): Promise<number | null> {
    try {
      if (clock.now() >= restsUntil && (polls.isDue() || isPollDue)) await poll();
      else await readHinted();
    } catch (error) {
      // What was to be read is unread: a next turn that found nothing to do would count as a recovery, and end the backoff.
      isPollDue = true;
      throw error;
    }
    const sleepMs = polls.sleepMs(null);
    return sleepMs === null && !isPollDue ? null : Math.max(1, restsUntil - clock.now(), sleepMs ?? 0);
  }
  async function poll(): Promise<void> {
    const startedAt = clock.now();
    isPollDue = false;
    hinted = new Set();
    await waiters.poll();
    // A cancel whose hint was lost reaches its handler now, not at the next heartbeat: as many ids as this process has slots.
    const running = [...live.all()].map(({ job }) => job.id).filter((id) => !waiters.isWatched(id));
    if (running.length > 0) await reader.fresh(running);
    restsUntil = clock.now() + (clock.now() - startedAt) * POLL_SHARE;
  }
  async function readHinted(): Promise<void> {
    const ids = [...hinted];
    hinted = new Set();
    await waiters.reread(ids);
    // What only a live attempt cares for: reading it announces what is new, a cancel request among it.
    const others = ids.filter((id) => !waiters.isWatched(id) && live.get(id) !== undefined);
    if (others.length > 0) await reader.fresh(others);
  }
}
