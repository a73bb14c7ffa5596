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
import { connect } from '../connection/connect.ts';
import {
  backoffOf,
  type Client,
  type ConnectionOptions,
  destroy,
  endWithin,
  within,
} from '../connection/connection.ts';
import { ConnectionLost } from '../connection/driver-errors.ts';
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
  #isOpen = false;
  /** Counts connections, so that what is said of an earlier one is told from the present one. */
  #turn = 0;
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
    if (this.#isOpen || this.#listeners.size === 0) return;
    this.#isOpen = true;
    this.#turn += 1;
    const turn = this.#turn;
    this.#listen(turn).catch(() => this.#lost(turn));
  }

  async #listen(turn: number): Promise<void> {
    const { generation } = this.#options.hosts;
    const watch = (client: Client) => {
      if (this.#turn !== turn) throw new ConnectionLost(false, undefined);
      this.#client = client;
      client.on('notification', ({ payload }) => {
        for (const hint of hintsOf(payload ?? '', this.#sender)) this.#tell(hint);
      });
    };
    const client = await connect(this.#options, { watch });
    client.on('error', () => this.#lost(turn));
    client.on('end', () => this.#lost(turn));
    await within(client.query(`LISTEN ${pg.escapeIdentifier(this.#channel)}`), HEARTBEAT_ANSWER_MS);
    if (this.#turn !== turn) return;
    this.#failures = 0;
    this.#tell({ kind: 'everything' });
    this.#beat(client, { turn, generation });
  }

  #beat(client: Client, of: { readonly turn: number; readonly generation: number }): void {
    this.#later(HEARTBEAT_MS, () => {
      // Whoever writes has found that this host is no primary any more: nobody will notify here.
      if (of.generation !== this.#options.hosts.generation) return this.#lost(of.turn);
      within(client.query('SELECT 1'), HEARTBEAT_ANSWER_MS).then(
        () => this.#turn === of.turn && this.#beat(client, of),
        () => this.#lost(of.turn),
      );
    });
  }

  /** Acts once per turn, however many events say that the connection is over. */
  #lost(turn: number): void {
    if (this.#turn !== turn) return;
    const client = this.#letGo();
    if (client !== null) destroy(client);
    this.#failures += 1;
    this.#later(backoffOf(this.#failures, BACKOFF_MS_MIN, BACKOFF_MS_MAX), () => this.#open());
  }

  /** The connection, connecting or connected, which is nobody's from here on. */
  #letGo(): Client | null {
    const client = this.#client;
    this.#client = null;
    this.#isOpen = false;
    this.#turn += 1;
    return client;
  }

  #later(ms: number, action: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
    this.#timer.unref();
  }

  async #shut(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const client = this.#letGo();
    if (client !== null) await endWithin(client, this.#options.connectMs);
  }
}
