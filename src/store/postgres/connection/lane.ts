/**
 * One connection that statements are pipelined on: each is written at once, whatever is still to be answered before it.
 *
 * - Several queries in one `run` are one transaction. They are written in one go, BEGIN to COMMIT, so that nobody else's
 *   statement can get between them, and no round trip is lost.
 * - A server that accepts and never answers (a cut network, a frozen host) is noticed: no answer for `answerMs` with
 *   statements under way ends the connection. TCP keepalive covers the idle time.
 */
import type { Client, ConnectionOptions } from './connection.ts';
import { Connector } from './connector.ts';
import { ConnectionLost, isReadOnly, isSessionOver, isStatementStale } from './driver-errors.ts';

export interface Query {
  /** Name to prepare it under; the same name means the same text. Empty: not prepared. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

export type Row = readonly unknown[];
export type Rows = readonly Row[];

const BEGIN: Query = { name: '', text: 'BEGIN', values: [] };
const COMMIT: Query = { name: '', text: 'COMMIT', values: [] };

export class Lane {
  readonly #options: ConnectionOptions;
  readonly #connector: Connector;
  #pending = 0;
  #answeredAt = 0;
  #watch: NodeJS.Timeout | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#connector = new Connector(options);
  }

  get isOpen(): boolean {
    return this.#connector.client !== null;
  }

  get canConnect(): boolean {
    return this.#connector.canConnect;
  }

  /** Statements sent and not answered. */
  get pending(): number {
    return this.#pending;
  }

  warm(): void {
    this.#connector.warm();
  }

  /** One result per query. Rejects with `ConnectionLost`, or with the driver's error of the first query that failed. */
  async run(queries: readonly Query[]): Promise<readonly Rows[]> {
    const client = await this.#connector.acquire();
    const { openedAt } = this.#connector;
    this.#watchOver(client);
    const isOne = queries.length === 1;
    const script = isOne ? queries : [BEGIN, ...queries, COMMIT];
    const answers = await Promise.allSettled(script.map((query) => this.#send(client, query)));
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined) throw this.#failureOf(client, failed.reason, openedAt);
    const rows = answers.map((answer) => (answer as PromiseFulfilledResult<Rows>).value);
    return isOne ? rows : rows.slice(1, -1);
  }

  async close(): Promise<void> {
    this.#stopWatch();
    await this.#connector.close();
  }

  async #send(client: Client, query: Query): Promise<Rows> {
    this.#pending += 1;
    try {
      const result = await client.query({
        ...(this.#options.hasSession && query.name !== '' ? { name: query.name } : {}),
        text: query.text,
        values: query.values as unknown[],
        rowMode: 'array',
      });
      return result.rows;
    } finally {
      this.#pending -= 1;
      this.#answeredAt = performance.now();
    }
  }

  /** An error on a connection that is gone may be any error: what counts is that no answer will come. */
  #failureOf(client: Client, error: unknown, openedAt: number): unknown {
    const isGone = this.#connector.client !== client;
    if (!isGone && isReadOnly(error)) this.#connector.leave(client);
    if (isGone || isSessionOver(error) || isStatementStale(error)) this.#connector.drop(client);
    return isGone || isSessionOver(error) ? new ConnectionLost(true, error, openedAt) : error;
  }

  /** Answers come in the order of the statements, so when the oldest waits too long, all wait with it. */
  #watchOver(client: Client): void {
    if (this.#pending === 0) this.#answeredAt = performance.now();
    if (this.#watch !== null) return;
    const { answerMs } = this.#options;
    this.#watch = setInterval(() => {
      if (this.#pending === 0 || this.#connector.client !== client) this.#stopWatch();
      else if (performance.now() - this.#answeredAt > answerMs) this.#connector.drop(client);
    }, answerMs / 4);
    this.#watch.unref();
  }

  #stopWatch(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }
}
