/**
 * Keeps one connection: opens it when somebody needs it, and again when it was lost.
 *
 * - Never in the background: with nothing to do, nothing is tried. After a failure the next try waits for a backoff (50 ms
 *   doubled up to 2 s, with jitter), so that an outage is not a storm of connects.
 * - A call waits at most `patienceMs` for it, counted from the beginning of the outage; in an outage older than that it fails at
 *   once, and only sets the next try going when that is due.
 */
import { connect } from './connect.ts';
import { backoffOf, type Client, type ConnectionOptions, destroy, endWithin, within } from './connection.ts';
import { ConnectionLost } from './driver-errors.ts';

const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 2_000;
/** What a call in a long outage may spend on finding it over: a refused connect answers in less, a black hole costs this. */
const GRACE_MS = 100;

export class Connector {
  readonly #options: ConnectionOptions;
  #client: Client | null = null;
  #connecting: Promise<Client> | null = null;
  #isClosed = false;
  #failures = 0;
  #downSince = 0;
  #retryAt = 0;
  #openedAt = 0;
  /** Of the hosts, when the client was made. */
  #generation = 0;
  #lastFailure = new ConnectionLost(false, undefined);

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get client(): Client | null {
    return this.#client;
  }

  /** When the client was made. */
  get openedAt(): number {
    return this.#openedAt;
  }

  /** Whether a connect is under way, or may be tried now. */
  get canConnect(): boolean {
    return this.#connecting !== null || performance.now() >= this.#retryAt;
  }

  /** Starts connecting, when that may be tried. */
  warm(): void {
    if (this.#client === null && this.canConnect) this.#connect().catch(() => {});
  }

  /** Rejects with a `ConnectionLost` that was not sent. */
  async acquire(): Promise<Client> {
    if (this.#client !== null && this.#generation !== this.#options.hosts.generation) this.drop(this.#client);
    if (this.#client !== null) return this.#client;
    const deadline = (this.#failures > 0 ? this.#downSince : performance.now()) + this.#options.patienceMs;
    for (;;) {
      if (this.#connecting === null && performance.now() < this.#retryAt) {
        if (this.#retryAt >= deadline) throw this.#lastFailure;
        await delay(this.#retryAt - performance.now());
      }
      try {
        return await within(this.#connect(), Math.max(deadline - performance.now(), GRACE_MS));
      } catch (error) {
        // The last failure says what is wrong with the database; that the next try took longer than there was time for does not.
        if (this.#isClosed || performance.now() >= deadline) throw this.#failures > 0 ? this.#lastFailure : error;
      }
    }
  }

  /** Gives a connection up, at once. */
  drop(client: Client): void {
    this.#forget(client);
    destroy(client);
  }

  /** The host of this connection takes no writes any more: no connection of this process is to use it. */
  leave(client: Client): void {
    if (this.#client === client) this.#options.hosts.moved(this.#generation);
    this.drop(client);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = this.#client;
    this.#client = null;
    if (client !== null) await endWithin(client, this.#options.connectMs);
  }

  #forget(client: Client): void {
    if (this.#client === client) this.#client = null;
  }

  #connect(): Promise<Client> {
    this.#connecting ??= this.#attempt().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #attempt(): Promise<Client> {
    const { generation } = this.#options.hosts;
    const endings = new Map<Client, unknown>();
    const watch = (client: Client) => {
      const onOver = (error?: unknown) => {
        if (!endings.has(client)) endings.set(client, error ?? new ConnectionLost(false, undefined));
        this.#forget(client);
      };
      client.on('error', onOver);
      client.on('end', onOver);
    };
    const client = await connect(this.#options, { isPipelined: true, watch }).catch((error: unknown) => {
      throw this.#failed(error);
    });
    // The last answer and "terminated" may come in one packet: then the connection is over before this line has run.
    if (endings.has(client)) throw this.#failed(endings.get(client));
    this.#failures = 0;
    if (this.#isClosed) {
      await endWithin(client, this.#options.connectMs);
      throw new ConnectionLost(false, undefined);
    }
    this.#client = client;
    this.#openedAt = performance.now();
    this.#generation = generation;
    return client;
  }

  #failed(error: unknown): ConnectionLost {
    this.#failures += 1;
    if (this.#failures === 1) this.#downSince = performance.now();
    this.#retryAt = performance.now() + backoffOf(this.#failures, BACKOFF_MS_MIN, BACKOFF_MS_MAX);
    this.#lastFailure = new ConnectionLost(false, error);
    return this.#lastFailure;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
