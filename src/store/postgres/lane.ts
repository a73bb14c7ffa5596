/**
 * One connection to PostgreSQL that statements are pipelined on, and that comes back by itself.
 *
 * - It connects when somebody needs it, never in the background: with nothing to do, nothing is tried. After a failure the
 *   next try waits for a backoff (50 ms doubled up to 2 s, with jitter), so that an outage is not a storm of connects.
 * - `run` waits at most `patienceMs` for a connection; once an outage has lasted longer than that, it fails at once.
 * - A server that accepts and never answers (a cut network, a frozen host) is noticed: no answer for `answerMs` with
 *   statements under way ends the connection. TCP keepalive covers the idle time.
 * - Several queries in one `run` are one transaction. They are written in one go, BEGIN to COMMIT, so that nobody else's
 *   statement can get between them, and no round trip is lost.
 */
import pg from 'pg';
import { ConnectionLost, isSessionOver, isStatementStale } from './driver-errors.ts';

export interface Query {
  /** Name to prepare it under; the same name means the same text. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

export type Row = readonly unknown[];
export type Rows = readonly Row[];

export interface LaneOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Prepared statements and session settings: off behind a pooler in transaction mode, where sessions are shared. */
  readonly hasSession: boolean;
  readonly connectMs: number;
  readonly patienceMs: number;
  readonly answerMs: number;
  readonly statementMs: number;
  readonly lockMs: number;
}

export interface Lane {
  /** One result per query. Rejects with `ConnectionLost` or the driver's error of the first query that failed. */
  run(queries: readonly Query[]): Promise<readonly Rows[]>;
  readonly isOpen: boolean;
  /** Whether a connect is under way, or may be tried now. */
  readonly canConnect: boolean;
  /** Statements sent and not answered. */
  readonly pending: number;
  /** Starts connecting, when that may be tried. */
  warm(): void;
  close(): Promise<void>;
}

const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 2_000;
const KEEPALIVE_MS = 10_000;
/** What a call in a long outage may spend on finding it over: a refused connect answers in less, a black hole costs this. */
const GRACE_MS = 100;
const BEGIN: Query = { name: '', text: 'BEGIN', values: [] };
const COMMIT: Query = { name: '', text: 'COMMIT', values: [] };

/** bigint, the integers and float8 as numbers: every one of ours is below 2^53. bytea as bytes. All else is text. */
const NUMERIC_OIDS: ReadonlySet<number> = new Set([20, 21, 23, 701]);
const types = {
  getTypeParser(oid: number) {
    if (NUMERIC_OIDS.has(oid)) return Number;
    if (oid === 16) return (text: string) => text === 't';
    if (oid === 17) return bytesOf;
    return (text: string) => text;
  },
} as pg.CustomTypesConfig;

/** The hex text of a bytea, without its \\x, as plain bytes: a `Buffer` is not equal to what was stored. */
function bytesOf(text: string): Uint8Array {
  const buffer = Buffer.from(text.slice(2), 'hex');
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** What the driver is told for any connection of ours, lanes and listener alike. */
export function clientConfig(options: LaneOptions): pg.ClientConfig {
  const session = options.hasSession
    ? {
        options: '-c jit=off',
        statement_timeout: options.statementMs,
        lock_timeout: options.lockMs,
        idle_in_transaction_session_timeout: options.statementMs,
      }
    : {};
  return {
    ...session,
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    types,
  };
}

type Client = pg.Client;

export function openLane(options: LaneOptions): Lane {
  let client: Client | null = null;
  let connecting: Promise<Client> | null = null;
  let failures = 0;
  let downSince = 0;
  let retryAt = 0;
  let lastFailure = new ConnectionLost(false, undefined);
  let pending = 0;
  let answeredAt = 0;
  let watch: NodeJS.Timeout | null = null;
  let isClosed = false;

  function connect(): Promise<Client> {
    connecting ??= attempt().finally(() => {
      connecting = null;
    });
    return connecting;
  }

  async function attempt(): Promise<Client> {
    const fresh = new pg.Client({ ...clientConfig(options), pipeline: true } as pg.ClientConfig);
    const drop = () => {
      if (client === fresh) client = null;
    };
    fresh.on('error', drop);
    fresh.on('end', drop);
    try {
      await fresh.connect();
    } catch (error) {
      failures += 1;
      if (failures === 1) downSince = performance.now();
      const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (failures - 1));
      retryAt = performance.now() + backoffMs * (0.5 + Math.random() / 2);
      lastFailure = new ConnectionLost(false, error);
      throw lastFailure;
    }
    failures = 0;
    if (isClosed) {
      await fresh.end();
      throw new ConnectionLost(false, undefined);
    }
    client = fresh;
    return fresh;
  }

  /** The connection, or a rejection: after `patienceMs` at the latest, at once when the outage is older than that. */
  async function acquire(): Promise<Client> {
    if (client !== null) return client;
    const deadline = (failures > 0 ? downSince : performance.now()) + options.patienceMs;
    for (;;) {
      if (connecting === null && performance.now() < retryAt) {
        if (retryAt >= deadline) throw lastFailure;
        await delay(retryAt - performance.now());
      }
      try {
        return await within(connect(), Math.max(deadline - performance.now(), GRACE_MS));
      } catch (error) {
        if (isClosed || performance.now() >= deadline) throw error;
      }
    }
  }

  function end(target: Client): void {
    if (client === target) client = null;
    destroy(target);
  }

  /** Ends a connection on which the oldest statement has waited too long: answers come in order, so all wait with it. */
  function watchOver(target: Client): void {
    if (watch !== null) return;
    watch = setInterval(() => {
      if (pending === 0) stopWatch();
      else if (performance.now() - answeredAt > options.answerMs) end(target);
    }, options.answerMs / 4);
    watch.unref();
  }

  function stopWatch(): void {
    if (watch !== null) clearInterval(watch);
    watch = null;
  }

  async function run(queries: readonly Query[]): Promise<readonly Rows[]> {
    const target = await acquire();
    if (pending === 0) answeredAt = performance.now();
    watchOver(target);
    const isOne = queries.length === 1;
    const script = isOne ? queries : [BEGIN, ...queries, COMMIT];
    const answers = await Promise.allSettled(script.map((query) => send(target, query)));
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined) throw failureOf(target, failed.reason);
    const rows = answers.map((answer) => (answer as PromiseFulfilledResult<Rows>).value);
    return isOne ? rows : rows.slice(1, -1);
  }

  async function send(target: Client, query: Query): Promise<Rows> {
    pending += 1;
    try {
      const result = await target.query({
        ...(options.hasSession && query.name !== '' ? { name: query.name } : {}),
        text: query.text,
        values: query.values as unknown[],
        rowMode: 'array',
      });
      return result.rows;
    } finally {
      pending -= 1;
      answeredAt = performance.now();
    }
  }

  function failureOf(target: Client, error: unknown): unknown {
    if (client !== target || isSessionOver(error)) {
      end(target);
      return new ConnectionLost(true, error);
    }
    if (isStatementStale(error)) end(target);
    return error;
  }

  return {
    run,
    get isOpen() {
      return client !== null;
    },
    get canConnect() {
      return connecting !== null || performance.now() >= retryAt;
    },
    get pending() {
      return pending;
    },
    warm() {
      if (client === null && performance.now() >= retryAt) connect().catch(() => {});
    },
    async close() {
      isClosed = true;
      stopWatch();
      const target = client;
      client = null;
      if (target !== null) await within(target.end(), options.connectMs).catch(() => destroy(target));
    },
  };
}

/** The driver's `end` is polite; a connection that does not answer must not be asked. */
export function destroy(client: Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}

/** Rejects with `ConnectionLost` when `promise` takes longer than `ms`; the promise itself goes on. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ConnectionLost(false, undefined)), Math.max(0, ms));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
