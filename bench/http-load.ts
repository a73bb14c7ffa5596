/**
 * A small HTTP load generator: N keep-alive connections, each sends its request again as soon as it is answered.
 *
 * Run in a process of its own, so that its work is not counted as the server's. It parses no more of an answer than where it ends, because on
 * two cores a slow client would hide the server. Arguments: one JSON object (`LoadOptions`); prints one JSON object (`LoadResult`).
 */
import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  /** The whole request as it goes over the wire. */
  readonly request: string;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const HEAD_END = Buffer.from('\r\n\r\n');

interface Meter {
  isMeasuring: boolean;
  readonly latencies: number[];
  readonly statuses: Record<string, number>;
}

function drive(options: LoadOptions, meter: Meter): Socket {
  const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
  let pending = Buffer.alloc(0);
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    socket.write(options.request);
  };
  socket.on('connect', send);
  socket.on('error', (error) => fail(`connection: ${error.message}`));
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const end = endOf(pending);
    if (end === undefined || pending.length < end) return;
    if (meter.isMeasuring) {
      meter.latencies.push(performance.now() - sentAt);
      const status = pending.toString('latin1', 9, 12);
      meter.statuses[status] = (meter.statuses[status] ?? 0) + 1;
    }
    pending = pending.subarray(end);
    send();
  });
  return socket;
}

/** Where the first answer ends; undefined while its head is incomplete. */
function endOf(data: Buffer): number | undefined {
  const head = data.indexOf(HEAD_END);
  if (head === -1) return undefined;
  const length = /\r\ncontent-length: (\d+)/i.exec(data.toString('latin1', 0, head))?.[1];
  return head + HEAD_END.length + Number(length ?? 0);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function resultOf({ latencies, statuses }: Meter, ms: number): LoadResult {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { requestsPerSecond: (sorted.length * 1_000) / ms, p50Ms: at(0.5), p99Ms: at(0.99), statuses };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const options = JSON.parse(process.argv[2] ?? fail('usage: http-load.ts OPTIONS')) as LoadOptions;
const meter: Meter = { isMeasuring: false, latencies: [], statuses: {} };
const sockets = Array.from({ length: options.connections }, () => drive(options, meter));
await pause(options.warmUpMs);
meter.isMeasuring = true;
const begun = performance.now();
await pause(options.measureMs);
meter.isMeasuring = false;
const ms = performance.now() - begun;
for (const socket of sockets) socket.destroy();
process.stdout.write(JSON.stringify(resultOf(meter, ms)));
