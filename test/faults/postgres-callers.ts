/**
 * Callers of a cluster as the documentation wants them: each submit has an idempotency key, and whatever is not answered, or answered
 * with 503, is asked again at the next node. Any other failure is a bug, and rejects.
 */
import { once } from 'node:events';
import { type Answer, ask, type Cluster } from '../postgres/cluster.ts';
import type { Chance } from '../process/seeded.ts';
import type { JobSeen, Ledger, Order } from './ledger.ts';

/** Twelve keep two cores busy by themselves; four leave the processes that come back something to start with. */
const CALLERS = process.env.BIDE_FAULTS === 'full' ? 12 : 4;
/** Longer than any of the faults lasts. */
const PERSIST_MS = 90_000;
const PAUSE_MS = 100;
const HOLD_SECONDS = 10;
const BULK = 1_000;

export interface Callers {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly chance: Chance;
  /** The next order, null when there are no more. */
  readonly nextOrder: () => Order | null;
  readonly seen: Seen;
}

/** What the callers met. */
export interface Seen {
  /** Answers of 503. */
  refused: number;
  /** Connections that were refused, or broke before the answer. */
  broken: number;
  /** 503 without a Retry-After. */
  rude: number;
}

/** Resolves when every order is acknowledged, and each caller has seen the end of the jobs that it waited for. */
export async function submitAll(callers: Callers): Promise<void> {
  await Promise.all(Array.from({ length: CALLERS }, (_, index) => oneCaller(callers, index)));
}

async function oneCaller(callers: Callers, index: number): Promise<void> {
  const { ledger, chance, nextOrder } = callers;
  for (let order = nextOrder(); order !== null; order = nextOrder()) {
    const job = await submit(callers, order, index);
    ledger.acknowledge(order, job.id);
    if (chance.onceIn(2)) ledger.see(await finished(callers, job.id, index + 1));
  }
}

/** A thousand to a call, as many calls at once as there are callers. */
export async function submitInBulk(callers: Callers, orders: readonly Order[]): Promise<void> {
  let next = 0;
  const one = async (_: unknown, index: number) => {
    while (next < orders.length) {
      const some = orders.slice(next, next + BULK);
      next += BULK;
      const jobs = some.map((order) => ({ ...submitBody(order), idempotencyKey: keyOf(order.number) }));
      const answer = await persist(callers, index, (url) => ask(callers.cluster, `${url}/v1/jobs/bulk`, { jobs }));
      const { items } = answer as unknown as { items: readonly { readonly job: JobSeen }[] };
      for (const [at, order] of some.entries()) callers.ledger.acknowledge(order, items[at]?.job.id ?? '');
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, one));
}

function submitBody(order: Order) {
  return { type: 'order', input: order, tags: { order: String(order.number) } };
}

async function submit(callers: Callers, order: Order, at: number): Promise<JobSeen> {
  const body = submitBody(order);
  const headers = { 'idempotency-key': keyOf(order.number) };
  return persist(callers, at, (url) => ask(callers.cluster, `${url}/v1/jobs`, body, headers));
}

export function keyOf(number: number): string {
  return `order-${number}`;
}

/** Held at one node after another until the job has ended. */
async function finished(callers: Callers, id: string, at: number): Promise<JobSeen> {
  const deadline = performance.now() + PERSIST_MS;
  for (let turn = at; performance.now() < deadline; turn += 1) {
    const path = `/v1/jobs/${id}?wait=${HOLD_SECONDS}`;
    const job = await persist(callers, turn, (url) => ask(callers.cluster, url + path));
    if (job.finishedAt !== null) return job;
  }
  throw new Error(`Job ${id} did not end within ${PERSIST_MS} ms.`);
}

async function persist(callers: Callers, at: number, call: (url: string) => Promise<Answer>): Promise<JobSeen> {
  const deadline = performance.now() + PERSIST_MS;
  for (let turn = at; performance.now() < deadline; turn += 1) {
    const { nodes } = callers.cluster;
    const answer = await call(nodes[turn % nodes.length]?.url ?? '').catch((error: unknown) => unlessBroken(error));
    if (answer !== null && answer.status < 400) return JSON.parse(answer.text) as JobSeen;
    note(callers.seen, answer);
    await pause();
  }
  throw new Error(`No node answered within ${PERSIST_MS} ms.`);
}

function note(seen: Seen, answer: Answer | null): void {
  if (answer === null) seen.broken += 1;
  else if (answer.status !== 503) throw new Error(`A node answered ${answer.status}: ${answer.text}`);
  else {
    seen.refused += 1;
    if (!answer.headers.has('retry-after')) seen.rude += 1;
  }
}

/** `fetch` says by a TypeError that a connection was refused or broke, and by a TimeoutError that the answer did not come. */
function unlessBroken(error: unknown): null {
  if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return null;
  throw error;
}

/** Between two tries of a caller: what it polls is another process, which tells nobody that it is back. */
export async function pause(ms = PAUSE_MS): Promise<void> {
  await once(AbortSignal.timeout(Math.ceil(ms)), 'abort');
}

/** Resolves when `isSo` says so; rejects after `ms`. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, ms = PERSIST_MS): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`It took longer than ${ms} ms until ${what}.`);
    await pause();
  }
}
