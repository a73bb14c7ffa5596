/** A receiver of webhooks that fails now and then, and can be stopped and started at the same address. It keeps account of what it took. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Chance } from '../process/seeded.ts';

export interface HookReceiver extends AsyncDisposable {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when so many different events were taken. */
  taken(count: number): Promise<void>;
  account(): HookAccount;
}

export interface HookAccount {
  /** Different events that were answered with 204. */
  readonly taken: number;
  readonly refused: number;
  /** Taken once more, after an answer that the sender did not live to note. */
  readonly doubled: number;
  /** Not signed with the secret, by the reference implementation. */
  readonly unsigned: number;
  /** Taken for the first time after a later one of the same job. */
  readonly outOfOrder: number;
}

export interface ReceiverOptions {
  readonly chance: Chance;
  readonly secret: () => string;
}

/** Of one event. Each failure makes the wait four times longer: of 300 events, one in 15 runs had a seventh, which waits for 41 s. */
const REFUSALS_MAX = 4;

interface Waiting {
  readonly count: number;
  readonly resolve: () => void;
}

export async function openHookReceiver({ chance, secret }: ReceiverOptions): Promise<HookReceiver> {
  const seen = new Set<string>();
  const newest = new Map<string, number>();
  const refusals = new Map<string, number>();
  const account = { refused: 0, doubled: 0, unsigned: 0, outOfOrder: 0 };
  let waiting: Waiting | null = null;
  let port = 0;
  let server: Server | null = null;

  const take = (id: string) => {
    if (seen.has(id)) account.doubled += 1;
    seen.add(id);
    const [, job = '', revision] = id.split('_');
    if (Number(revision) < (newest.get(job) ?? 0)) account.outOfOrder += 1;
    newest.set(job, Math.max(newest.get(job) ?? 0, Number(revision)));
    if (waiting !== null && seen.size >= waiting.count) waiting.resolve();
  };

  const answer = async (request: IncomingMessage): Promise<number> => {
    const body = await textOf(request);
    try {
      new Webhook(secret()).verify(body, request.headers as Record<string, string>);
    } catch {
      account.unsigned += 1;
      return 401;
    }
    const id = String(request.headers['webhook-id']);
    const refused = refusals.get(id) ?? 0;
    if (refused < REFUSALS_MAX && chance.between(1, 100) <= 30) {
      refusals.set(id, refused + 1);
      account.refused += 1;
      return 500;
    }
    take(id);
    return 204;
  };

  const start = async () => {
    server = createServer((request, response) => {
      // A request that is cut off by a stop is nobody's.
      answer(request).then(
        (status) => response.writeHead(status).end(),
        () => response.destroy(),
      );
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  const stop = async () => {
    const closing = server;
    server = null;
    if (closing === null) return;
    const closed = once(closing, 'close');
    closing.close();
    closing.closeAllConnections();
    await closed;
  };

  await start();
  return {
    url: `http://127.0.0.1:${port}/hook`,
    start,
    stop,
    taken: (count) =>
      new Promise((resolve) => {
        waiting = { count, resolve };
        if (seen.size >= count) resolve();
      }),
    account: () => ({ ...account, taken: seen.size }),
    [Symbol.asyncDispose]: stop,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
