/**
 * How we talk to the driver: what every connection of ours is told, which values come back as what, and how one is ended
 * that does not answer.
 */
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { BideError } from '../../../core/errors.ts';
import { ConnectionLost } from './driver-errors.ts';
import type { Hosts } from './hosts.ts';
import { startupOptions } from './session-settings.ts';

export type Client = pg.Client;

export interface ConnectionOptions {
  readonly hosts: Hosts;
  /** Whether a host that takes no writes is passed over. */
  readonly needsWrites: boolean;
  readonly applicationName: string;
  /** Whether statements are made for one call, lists and the like. */
  readonly isForLists: boolean;
  /** Prepared statements and session settings: off behind a pooler in transaction mode, where sessions are shared. */
  readonly hasSession: boolean;
  readonly connectMs: number;
  /** Time a call waits for a connection, counted from the beginning of an outage. */
  readonly patienceMs: number;
  /** Time without an answer after which a connection with statements under way is given up. */
  readonly answerMs: number;
  readonly statementMs: number;
  readonly lockMs: number;
}

/** Idle time after which the kernel asks whether the other side is still there. */
const KEEPALIVE_MS = 10_000;

/** bigint, the integers and float8: every one of ours is below 2^53. */
const NUMERIC_OIDS: ReadonlySet<number> = new Set([20, 21, 23, 701]);
const BOOL_OID = 16;
const BYTEA_OID = 17;

const types = {
  getTypeParser(oid: number) {
    if (NUMERIC_OIDS.has(oid)) return Number;
    if (oid === BOOL_OID) return (text: string) => text === 't';
    if (oid === BYTEA_OID) return bytesOf;
    return (text: string) => text;
  },
} as pg.CustomTypesConfig;

/** The hex text of a bytea as plain bytes: a `Buffer` is not equal to what was stored. */
function bytesOf(text: string): Uint8Array {
  const buffer = Buffer.from(text.slice(2), 'hex');
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** A client for one of the hosts, not connected yet. */
export function clientOf(options: ConnectionOptions, url: string, isPipelined: boolean): Client {
  const session = options.hasSession
    ? {
        options: startupOptions(options.hosts.settings, options.isForLists),
        statement_timeout: options.statementMs,
        lock_timeout: options.lockMs,
        idle_in_transaction_session_timeout: options.statementMs,
      }
    : { options: options.hosts.settings };
  // The driver's types do not know `pipeline` yet.
  const config: pg.ClientConfig & { readonly pipeline: boolean } = {
    ...session,
    connectionString: url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    pipeline: isPipelined,
    types,
  };
  return new pg.Client(config);
}

/** Tells whether the connection was lost: an error on one that is gone may be any error, often one without a code. */
export function lossOf(client: Client): (error: unknown) => unknown {
  // It may have ended with the last answer of its making.
  let isGone = streamOf(client).destroyed;
  const onOver = () => {
    isGone = true;
  };
  client.on('error', onOver);
  client.on('end', onOver);
  return (error) => (isGone && !(error instanceof BideError) ? new ConnectionLost(true, error) : error);
}

/** The driver's `end` is polite and waits for the server; a connection that does not answer must not be asked. */
export function destroy(client: Client): void {
  streamOf(client).destroy();
}

function streamOf(client: Client): Duplex {
  return (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection.stream;
}

/** Ends politely, or not at all politely after `ms`. */
export async function endWithin(client: Client, ms: number): Promise<void> {
  await within(client.end(), ms).catch(() => destroy(client));
}

/** Rejects with `ConnectionLost` when `promise` takes longer than `ms`; the promise itself goes on. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ConnectionLost(false, undefined)), Math.max(0, ms));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Milliseconds to wait before the next try after `failures` in a row, at least half of it and spread over the rest. */
export function backoffOf(failures: number, minMs: number, maxMs: number): number {
  return Math.min(maxMs, minMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}
