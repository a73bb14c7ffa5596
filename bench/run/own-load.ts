/**
 * A small HTTP load generator for machines without wrk: N keep-alive connections, each sends its request again as soon as it is answered. It
 * parses no more of an answer than its status and where it ends. Argument: one JSON object (`OwnLoad`); prints one JSON object, like wrk-report.lua.
 */
import { connect, type Socket } from 'node:net';
import { quantile } from '../report/statistics.ts';

export interface OwnLoad {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: string | null;
  readonly connections: number;
  readonly ms: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const FIRST_BAD_STATUS = 400;

interface Meter {
  readonly times: number[];
  bad: number;
}

function requestOf({ method, path, headers, body }: OwnLoad): string {
  const length = body === null ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, ...length, '', body ?? ''].join('\r\n');
}

function drive(port: number, request: string, meter: Meter): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let pending = Buffer.alloc(0);
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    socket.write(request);
  };
  socket.on('connect', send);
  socket.on('error', (error) => {
    process.stderr.write(`Error: connection: ${error.message}\n`);
    process.exit(1);
  });
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const end = endOf(pending);
    if (end === undefined || pending.length < end) return;
    meter.times.push(performance.now() - sentAt);
    if (Number(pending.toString('latin1', 9, 12)) >= FIRST_BAD_STATUS) meter.bad += 1;
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

const options = JSON.parse(process.argv[2] ?? '{}') as OwnLoad;
const meter: Meter = { times: [], bad: 0 };
const request = requestOf(options);
const startedAt = performance.now();
const sockets = Array.from({ length: options.connections }, () => drive(options.port, request, meter));
await new Promise((resolve) => setTimeout(resolve, options.ms));
const seconds = (performance.now() - startedAt) / 1_000;
for (const socket of sockets) socket.destroy();
const { times, bad } = meter;
process.stdout.write(
  JSON.stringify({
    rate: times.length / seconds,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    requests: times.length,
    bad,
  }),
);
