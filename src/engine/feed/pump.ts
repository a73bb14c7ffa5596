/**
 * Reads the newest events into the window, once for all readers of the process, and wakes those who wait for them.
 *
 * Woken by changes of this process, by hints of others, and every `POLL_MS` where others write to the store. It sleeps while nobody reads.
 */
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Follows } from './follows.ts';
import { shownEvents, withinBytes } from './shown-events.ts';
import type { FeedWindow } from './window.ts';

export interface PumpOptions extends EngineBase {
  readonly window: FeedWindow;
  readonly follows: Follows;
  /** Lets go of tenants that nobody reads any more. */
  readonly forgetIdle: () => void;
  /** Something of these tenants is new in the window. */
  readonly onNews: (tenants: readonly string[]) => void;
}

const BATCH = 500;
const POLL_MS = 500;
/** Renews what is followed, and forgets who is gone. */
const CARE_MS = 5_000;
/** Between two reads while changes come without a pause: a burst becomes few reads, and nobody notices. */
const GAP_MS = 10;
/** Where a read is a way over the network, and hints come from every node. */
const SHARED_GAP_MS = 40;

export function createPump(options: PumpOptions): Loop {
  const { store, clock, window, changes } = options;
  const { isShared } = store.facts;
  const gapMs = isShared ? SHARED_GAP_MS : GAP_MS;
  let readAt = Number.NEGATIVE_INFINITY;
  let caredAt = Number.NEGATIVE_INFINITY;

  async function turn(): Promise<number | null> {
    const leftMs = readAt + gapMs - clock.steady();
    if (leftMs > 0) return leftMs;
    if (clock.steady() - caredAt >= CARE_MS) await care();
    if (window.tenants.length === 0) return null;
    readAt = clock.steady();
    const hasMore = await readOn(options);
    return hasMore ? gapMs : isShared ? POLL_MS : CARE_MS;
  }
  async function care(): Promise<void> {
    options.forgetIdle();
    for (const tenant of window.tenants) await options.follows.since(tenant);
    caredAt = clock.steady();
  }

  const loop = createLoop({ ...options, name: 'feed', run: turn });
  changes.listen((change) => {
    const isOfInterest = change.kind === 'changed' ? window.has(change.job.tenant) : change.kind === 'unsure';
    if (isOfInterest) loop.wake();
  });
  return loop;
}

/** @returns whether there is more to read at once. */
async function readOn(options: PumpOptions): Promise<boolean> {
  const { store, window, limits, onNews } = options;
  if (window.isStale) {
    const { newest } = await store.eventRead({ tenant: null, after: Number.MAX_SAFE_INTEGER, limit: 0 });
    window.restart(newest);
    onNews(window.tenants);
    return false;
  }
  window.beginRead();
  const page = await store.eventRead({ tenant: null, after: window.at, limit: BATCH });
  // What was not read in time is gone; its readers are told by the store.
  if (page.prunedTo > window.at) window.restart(page.prunedTo);
  const fitting = withinBytes(page.events, limits.resultInlineBytesMax);
  const isAll = fitting.length === page.events.length && page.events.length < BATCH;
  const to = isAll ? page.newest : (fitting.at(-1)?.position ?? page.newest);
  const ofReaders = fitting.filter(({ job }) => window.has(job.tenant));
  const events = await shownEvents(options, ofReaders);
  window.add(events, Math.max(to, window.at));
  onNews([...new Set(events.map(({ job }) => job.tenant))]);
  return !isAll;
}
