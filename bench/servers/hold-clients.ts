/**
 * The waiters, in a process of their own: opens a connection per path, sends its request and keeps when the first byte of the answer came. Takes
 * one `WaitOrder` over its channel; answers `{ written }` and, once enough have been answered, `{ arrivals }`.
 */
import { connect } from 'node:net';
import { type Arrival, epochMs, type WaitOrder } from './hold-messages.ts';

/** Connections that are being made at once: more than that, and the kernel drops some for a second. */
const CONNECTING_MAX = 256;

function hold(port: number, path: string, arrived: (arrival: Arrival) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, () => resolve()));
    socket.on('error', reject);
    socket.once('data', (chunk: Buffer) => {
      arrived({ at: epochMs(), path, status: Number(chunk.toString('latin1', 9, 12)) });
      socket.resume();
    });
  });
}

async function wait({ port, paths, awaited }: WaitOrder): Promise<void> {
  const arrivals: Arrival[] = [];
  const enough = Promise.withResolvers<void>();
  const arrived = (arrival: Arrival) => {
    arrivals.push(arrival);
    if (arrivals.length === awaited) enough.resolve();
  };
  for (let from = 0; from < paths.length; from += CONNECTING_MAX) {
    await Promise.all(paths.slice(from, from + CONNECTING_MAX).map((path) => hold(port, path, arrived)));
  }
  process.send?.({ answer: 'written' });
  await enough.promise;
  process.send?.({ answer: arrivals });
}

process.on('message', (order: WaitOrder) => void wait(order));
process.once('SIGTERM', () => process.exit(0));
process.stdout.write('ready\n');
