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
import type { Hint, Unsubscribe } from '../../contract.ts';
import {
  backoffOf,
  type Client,
  type ConnectionOptions,
  clientOf,
  destroy,
  endWithin,
  within,
} from '../connection/connection.ts';
import { hintsOf } from './hint-payload.ts';

const HEARTBEAT_MS = 10_000;
const HEARTBEAT_ANSWER_MS = 5_000;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

type Listener = (hint: Hint) => void;

export class HintListener {
  readonly #options: ConnectionOptions;
  readonly #channel: string;
  readonly #sender: string;
  readonly #listeners = new Set<Listener>();
  #client: Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;

  /** @param sender whose hints are not told: our own */
  constructor(options: ConnectionOptions, channel: string, sender: string) {
    this.#options = { ...options, applicationName: `${options.applicationName} listen` };
    this.#channel = channel;
    this.#sender = sender;
  }

  subscribe(listener: Listener): Unsubscribe {
    // Wrapped, so that the same function subscribed twice is two subscriptions.
    const own: Listener = (hint) => listener(hint);
    this.#listeners.add(own);
    this.#open();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#shut().catch(() => {});
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#shut();
  }

  #tell(hint: Hint): void {
    for (const listener of [...this.#listeners]) listener(hint);
  }

  #open(): void {
    if (this.#client !== null || this.#listeners.size === 0) return;
    const client = clientOf(this.#options, false);
    this.#client = client;
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ payload }) => {
      for (const hint of hintsOf(payload ?? '', this.#sender)) this.#tell(hint);
    });
    this.#listen(client).catch(() => this.#lost(client));
  }

  async #listen(client: Client): Promise<void> {
    await client.connect();
    await within(client.query(`LISTEN ${pg.escapeIdentifier(this.#channel)}`), HEARTBEAT_ANSWER_MS);
    if (this.#client !== client) return;
    this.#failures = 0;
    this.#tell({ kind: 'everything' });
    this.#beat(client);
  }

  #beat(client: Client): void {
    this.#later(HEARTBEAT_MS, () => {
      within(client.query('SELECT 1'), HEARTBEAT_ANSWER_MS).then(
        () => this.#client === client && this.#beat(client),
        () => this.#lost(client),
      );
    });
  }

  /** Acts once per connection, however many of its events say that it is over. */
  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    destroy(client);
    this.#failures += 1;
    this.#later(backoffOf(this.#failures, BACKOFF_MS_MIN, BACKOFF_MS_MAX), () => this.#open());
  }

  #later(ms: number, action: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
    this.#timer.unref();
  }

  async #shut(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    if (client !== null) await endWithin(client, this.#options.connectMs);
  }
}
