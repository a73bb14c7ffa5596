/**
 * Keeps waiters and live attempts in step with a shared store: hinted jobs are read as soon as the last read is done, in one
 * batch; all waited and running jobs are read at every safety poll, since hints may be lost. A poll goes in chunks, and what is hinted
 * meanwhile goes with the next one: with 10,000 waiters a poll takes 300 ms. Where one process owns the store
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
/** Jobs of a poll that are read in one go: some 5 ms of it. */
const POLL_CHUNK = 200;

interface Poll {
  readonly startedAt: number;
  /** Those that are not read yet. */
  readonly left: readonly string[];
}

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
  let poll: Poll | null = null;

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
    if (poll === null && clock.now() >= restsUntil && (polls.isDue() || isPollDue)) poll = beginPoll();
    const ids = [...hinted, ...(poll?.left.slice(0, POLL_CHUNK) ?? [])];
    hinted = new Set();
    try {
      await read(ids);
    } catch (error) {
      // What was to be read is unread: a next turn that found nothing to do would count as a recovery, and end the backoff.
      isPollDue = true;
      poll = null;
      throw error;
    }
    if (poll !== null) poll = goneOn(poll);
    if (poll !== null) return 0;
    const sleepMs = polls.sleepMs(null);
    return sleepMs === null && !isPollDue ? null : Math.max(1, restsUntil - clock.now(), sleepMs ?? 0);
  }
  function beginPoll(): Poll {
    isPollDue = false;
    // A cancel whose hint was lost reaches its handler now, not at the next heartbeat: as many ids as this process has slots.
    const running = [...live.all()].map(({ job }) => job.id).filter((id) => !waiters.isWatched(id));
    return { startedAt: clock.now(), left: [...waiters.watched(), ...running] };
  }
  /** Null where all is read. */
  function goneOn({ startedAt, left }: Poll): Poll | null {
    if (left.length > POLL_CHUNK) return { startedAt, left: left.slice(POLL_CHUNK) };
    restsUntil = clock.now() + (clock.now() - startedAt) * POLL_SHARE;
    return null;
  }
  async function read(ids: readonly string[]): Promise<void> {
    await waiters.reread(ids);
    // What only a live attempt cares for: reading it announces what is new, a cancel request among it.
    const others = ids.filter((id) => !waiters.isWatched(id) && live.get(id) !== undefined);
    if (others.length > 0) await reader.fresh(others);
  }
}
