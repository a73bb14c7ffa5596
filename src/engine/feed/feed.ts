/**
 * The feed: every change of a tenant's jobs, in one order, to as many readers as there are.
 *
 * - Who keeps up is answered from the window in memory, which one loop fills (`pump.ts`): a hundred readers cost the store what one does.
 * - Who is further back reads the store, page by page at their own pace, until they have caught up.
 * - Whose place is older than what is kept stands at the newest from then on, and is told so. Otherwise nothing is left out and nothing
 *   comes twice, over restarts and over all processes of a store, since a place is a position in the order of the store.
 */
import type { EngineBase } from '../engine-base.ts';
import type { Loop } from '../loop.ts';
import { type Feed, type FeedPage, type FeedRequest, isAskedFor } from './feed-request.ts';
import { createFollows } from './follows.ts';
import { createPump } from './pump.ts';
import { shownEvents, withinBytes } from './shown-events.ts';
import { createSleepers } from './sleepers.ts';
import { FeedWindow } from './window.ts';

/** Changes that are looked at for one answer. */
const PAGE = 100;
/** How long a tenant's newest are kept in memory for a reader who polls. */
const LINGER_MS = 15_000;

export interface FeedParts extends Feed {
  readonly loop: Loop;
  /** Other processes have changed something. */
  hint(): void;
  /** Reads end with what they have. */
  close(): void;
}

interface Looked extends FeedPage {
  readonly isNewest: boolean;
}

export function createFeed(options: EngineBase): FeedParts {
  const { store, clock, limits } = options;
  const window = new FeedWindow();
  const follows = createFollows(options);
  const sleepers = createSleepers(clock);
  const readers = createReaders(options, window);
  const pump = createPump({ ...options, window, follows, forgetIdle: readers.forgetIdle, onNews: sleepers.wake });

  async function read(request: FeedRequest): Promise<FeedPage> {
    const { tenant } = request;
    if (readers.come(tenant)) pump.wake();
    try {
      return await readOn(request, clock.now() + request.timeoutMs);
    } finally {
      readers.leave(tenant);
    }
  }

  async function readOn(request: FeedRequest, endsAt: number): Promise<FeedPage> {
    const { tenant, filter, after: from, timeoutMs, signal } = request;
    let after = await placeOf(tenant, from);
    let isChecked = from === 'now';
    for (;;) {
      const since = await follows.since(tenant);
      // From here to the sleep nothing is awaited where the window has the answer: no news gets lost between.
      const isInReach = after >= since && (isChecked || after <= window.at);
      const found = isInReach ? pageInWindow(tenant, after, filter) : null;
      // Who does not wait is told of all that is stored, which the window may be about to learn.
      const inWindow = timeoutMs === 0 && found?.isNewest === true && found.events.length === 0 ? null : found;
      const page = inWindow ?? (await pageInStore(tenant, after, since, filter));
      isChecked = true;
      after = page.next;
      if (page.isGap || page.events.length > 0) return page;
      const leftMs = endsAt - clock.now();
      if (page.isNewest && (leftMs <= 0 || signal.aborted || sleepers.isClosed)) return page;
      if (signal.aborted || sleepers.isClosed) return page;
      if (page.isNewest && (inWindow !== null || window.isStale)) await sleepers.sleep(tenant, leftMs, signal);
    }
  }

  /** Behind what no event is missing, and what is there is on disk. */
  async function placeOf(tenant: string, after: FeedRequest['after']): Promise<number> {
    if (typeof after === 'number') return after;
    const since = await follows.since(tenant);
    const behind = after === 'now' ? Number.MAX_SAFE_INTEGER : since;
    const { newest, prunedTo } = await store.eventRead({ tenant, after: behind, limit: 0 });
    return Math.max(since, after === 'now' ? newest : prunedTo);
  }

  function pageInWindow(tenant: string, after: number, filter: FeedRequest['filter']): Looked | null {
    const found = window.behind(tenant, after, PAGE);
    if (found === null) return null;
    const fitting = found.slice(0, withinBytes(found, limits.resultInlineBytesMax).length);
    const isNewest = fitting.length === found.length && found.length < PAGE;
    const next = isNewest ? Math.max(after, window.at) : (fitting.at(-1)?.position ?? after);
    return { events: fitting.filter((event) => isAskedFor(filter, event)), next, isNewest, isGap: false };
  }

  async function pageInStore(
    tenant: string,
    after: number,
    since: number,
    filter: FeedRequest['filter'],
  ): Promise<Looked> {
    const { events, newest, prunedTo } = await store.eventRead({ tenant, after, limit: PAGE });
    // Ahead of the newest is who has a place in a store that was restored from an archive since.
    if (after < Math.max(since, prunedTo) || after > newest) {
      return { events: [], next: Math.max(newest, since), isNewest: true, isGap: true };
    }
    const fitting = withinBytes(events, limits.resultInlineBytesMax);
    const isNewest = fitting.length === events.length && events.length < PAGE;
    const next = isNewest ? newest : (fitting.at(-1)?.position ?? after);
    const asked = fitting.filter((event) => isAskedFor(filter, event));
    return { events: await shownEvents(options, asked), next, isNewest, isGap: false };
  }

  return {
    read,
    loop: pump,
    hint() {
      if (window.tenants.length > 0) pump.wake();
    },
    close: sleepers.close,
  };
}

/** Who reads which tenant's feed, and which tenants nobody reads any more. */
function createReaders({ clock }: Pick<EngineBase, 'clock'>, window: FeedWindow) {
  const counts = new Map<string, { count: number; leftAt: number }>();
  return {
    /** @returns whether the tenant is new in the window. */
    come(tenant: string): boolean {
      const known = counts.get(tenant);
      if (known === undefined) counts.set(tenant, { count: 1, leftAt: 0 });
      else known.count += 1;
      const isNew = !window.has(tenant);
      window.open(tenant);
      return isNew;
    },
    leave(tenant: string): void {
      const known = counts.get(tenant);
      if (known === undefined) return;
      known.count -= 1;
      known.leftAt = clock.steady();
    },
    forgetIdle(): void {
      for (const [tenant, { count, leftAt }] of counts) {
        if (count > 0 || clock.steady() - leftAt < LINGER_MS) continue;
        counts.delete(tenant);
        window.close(tenant);
      }
    },
  };
}
