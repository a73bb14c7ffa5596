/**
 * Holds many requests open and says when each was answered: the clients of `holds.ts`, in a process of their own.
 *
 * Reads `{"port","requests"}` from stdin, one connection per request. Prints one JSON array when all are answered: epoch milliseconds
 * at which the first byte of each answer arrived, and its status.
 */
import { connect } from 'node:net';

export interface Arrival {
  readonly at: number;
  readonly status: number;
}

export interface HoldOptions {
  readonly port: number;
  /** Whole requests as they go over the wire. */
  readonly requests: readonly string[];
}

function hold(port: number, request: string): Promise<Arrival> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('connect', () => socket.write(request));
    socket.on('error', reject);
    socket.once('data', (chunk: Buffer) => {
      const at = performance.timeOrigin + performance.now();
      resolve({ at, status: Number(chunk.toString('latin1', 9, 12)) });
      socket.resume();
    });
  });
}

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const { port, requests } = JSON.parse(Buffer.concat(chunks).toString()) as HoldOptions;
const arrivals = await Promise.all(requests.map((request) => hold(port, request)));
process.stdout.write(JSON.stringify(arrivals), () => process.exit(0));
