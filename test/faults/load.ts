/** Callers who submit as fast as they are answered, and look at what becomes of their jobs, until the server goes away. */

import type { Chance } from '../process/seeded.ts';
import type { ServerProcess } from '../process/server-process.ts';
import type { JobSeen, Ledger, Order } from './ledger.ts';

const CALLERS = 16;
/** Submits whose answer never came; they are sent again, with the same key, to the next server. */
export type Unanswered = Order[];

export interface Load {
  readonly server: ServerProcess;
  readonly ledger: Ledger;
  readonly chance: Chance;
  readonly unanswered: Unanswered;
  readonly nextNumber: () => number;
}

/** Resolves when all callers have given up: `acknowledgements` submits were answered, the kill came, and nobody answers any more. */
export async function loadUntilKilled(load: Load, acknowledgements: number): Promise<void> {
  let left = acknowledgements;
  const acknowledged = () => {
    left -= 1;
    // Not awaited: the callers go on while the server dies under them.
    if (left === 0) void load.server.end('SIGKILL');
  };
  const isOver = () => left <= 0;
  await Promise.all(Array.from({ length: CALLERS }, () => caller(load, acknowledged, isOver)));
  await load.server.end('SIGKILL');
}

async function caller(load: Load, acknowledged: () => void, isOver: () => boolean): Promise<void> {
  const { server, ledger, chance, unanswered, nextNumber } = load;
  while (!isOver()) {
    const order = unanswered.pop() ?? newOrder(nextNumber(), chance);
    const job = await submit(server, order).catch((error: unknown) => unlessGone(error));
    if (job === null) {
      unanswered.push(order);
      return;
    }
    ledger.acknowledge(order, job.id);
    acknowledged();
    if (!chance.onceIn(3)) continue;
    const seen = await call(server, `/v1/jobs/${job.id}?wait=2`).catch((error: unknown) => unlessGone(error));
    if (seen === null) return;
    ledger.see(seen as JobSeen);
  }
}

function newOrder(number: number, chance: Chance): Order {
  return { number, ms: chance.onceIn(4) ? chance.between(1, 150) : 0, isDoomed: chance.onceIn(10) };
}

export async function submit(server: ServerProcess, order: Order): Promise<JobSeen> {
  const body = { type: 'order', input: order, tags: { order: String(order.number) } };
  return (await call(server, '/v1/jobs', body, { 'idempotency-key': `order-${order.number}` })) as JobSeen;
}

/** GET without a body, POST with one. Anything but a success rejects. */
export async function call(
  server: ServerProcess,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const response = await fetch(server.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** A server that is gone is what this is about; an answer that is an error is not. `fetch` says the first by a TypeError. */
function unlessGone(error: unknown): null {
  if (error instanceof TypeError) return null;
  throw error;
}
