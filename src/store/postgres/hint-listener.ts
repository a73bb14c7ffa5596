/**
 * Hears other processes' hints, on a connection of its own.
 *
 * 1. The first subscriber opens it; the last one to leave closes it.
 * 2. LISTEN first, then "everything" to the subscribers: what was notified before LISTEN held is lost, so they look again. The
 *    same after every reconnect, as the listener cannot know what it missed.
 * 3. A heartbeat of one statement finds a connection that is open on our side only; TCP alone takes up to two hours for that.
 * 4. Reconnects wait for a backoff of 100 ms doubled up to 5 s, with jitter. Until then polling alone is correct.
 */
import pg from 'pg';
import type { Hint, Unsubscribe } from '../contract.ts';
import { hintsOf } from './hint-payload.ts';
import { clientConfig, destroy, type LaneOptions, within } from './lane.ts';

const HEARTBEAT_MS = 10_000;
const HEARTBEAT_ANSWER_MS = 5_000;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

export interface HintListener {
  subscribe(listener: (hint: Hint) => void): Unsubscribe;
  close(): Promise<void>;
}

export function hintListenerOf(options: LaneOptions, channel: string, sender: string): HintListener {
  const listeners = new Set<(hint: Hint) => void>();
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let failures = 0;
  let isClosed = false;

  const isWanted = () => !isClosed && listeners.size > 0;

  function tell(hint: Hint): void {
    for (const listener of [...listeners]) listener(hint);
  }

  function later(ms: number, action: () => void): void {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(action, ms);
    timer.unref();
  }

  /** Called once per connection, however many of its events say that it is over. */
  function lost(gone: pg.Client): void {
    if (client !== gone) return;
    client = null;
    destroy(gone);
    if (!isWanted()) return;
    failures += 1;
    const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (failures - 1));
    later(backoffMs * (0.5 + Math.random() / 2), open);
  }

  function open(): void {
    if (client !== null || !isWanted()) return;
    const fresh = new pg.Client({
      ...clientConfig(options),
      application_name: `${options.applicationName} listen`,
    });
    client = fresh;
    fresh.on('error', () => lost(fresh));
    fresh.on('end', () => lost(fresh));
    fresh.on('notification', ({ payload }) => {
      for (const hint of hintsOf(payload ?? '', sender)) tell(hint);
    });
    listen(fresh).catch(() => lost(fresh));
  }

  async function listen(fresh: pg.Client): Promise<void> {
    await fresh.connect();
    await within(fresh.query(`LISTEN ${pg.escapeIdentifier(channel)}`), HEARTBEAT_ANSWER_MS);
    if (client !== fresh) return;
    failures = 0;
    tell({ kind: 'everything' });
    beat(fresh);
  }

  function beat(current: pg.Client): void {
    later(HEARTBEAT_MS, () => {
      within(current.query('SELECT 1'), HEARTBEAT_ANSWER_MS).then(
        () => client === current && beat(current),
        () => lost(current),
      );
    });
  }

  async function shut(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const current = client;
    client = null;
    if (current !== null) await within(current.end(), options.connectMs).catch(() => destroy(current));
  }

  return {
    subscribe(listener) {
      // Wrapped, so that the same function subscribed twice is two subscriptions.
      const own = (hint: Hint) => listener(hint);
      listeners.add(own);
      open();
      return () => {
        listeners.delete(own);
        if (listeners.size === 0) shut().catch(() => {});
      };
    },
    async close() {
      isClosed = true;
      await shut();
    },
  };
}
