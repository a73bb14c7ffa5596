/**
 * What the callers of a server know, kept outside of it: which submits were acknowledged, under which id, and which outcomes were
 * seen. After every crash the server is compared with it.
 */
import assert from 'node:assert/strict';

export interface JobSeen {
  readonly id: string;
  readonly state: string;
  readonly finishedAt: string | null;
  readonly attempt: number;
  readonly result: unknown;
  readonly error: { readonly code: string } | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Order {
  /** Its idempotency key, and the tag that it can be recognised by. */
  readonly number: number;
  readonly ms: number;
  readonly isDoomed: boolean;
}

export interface Ledger {
  readonly submitted: number;
  /** The id that a submit was answered with. A second answer for the same order must name the same job. */
  acknowledge(order: Order, id: string): void;
  /** What somebody read. A final job must look the same to everybody, forever. */
  see(job: JobSeen): void;
  ids(): readonly string[];
  /** Compares what the server has at the end with what was ordered; counts what is wrong. */
  audit(jobs: readonly JobSeen[]): Audit;
}

export interface Audit {
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: readonly string[];
}

const FINAL = ['succeeded', 'failed', 'cancelled', 'expired'];

export function createLedger(): Ledger {
  const orders = new Map<number, Order & { readonly id: string }>();
  const outcomes = new Map<string, JobSeen>();
  return {
    get submitted() {
      return orders.size;
    },
    acknowledge(order, id) {
      const known = orders.get(order.number);
      assert.ok(
        known === undefined || known.id === id,
        `order ${order.number} became two jobs: ${known?.id} and ${id}`,
      );
      orders.set(order.number, { ...order, id });
    },
    see(job) {
      if (!FINAL.includes(job.state)) return;
      const before = outcomes.get(job.id);
      if (before !== undefined) assert.deepEqual(outcomeOf(job), outcomeOf(before), `job ${job.id} has two outcomes`);
      else outcomes.set(job.id, job);
    },
    ids: () => [...orders.values()].map(({ id }) => id),
    audit(jobs) {
      const byOrder = Map.groupBy(jobs, (job) => Number(job.tags.order));
      const lost = [...orders.values()].filter(({ number, id }) => !byOrder.get(number)?.some((job) => job.id === id));
      const doubled = [...byOrder.values()].filter((group) => group.length > 1);
      const wrong = jobs.flatMap((job) => complaintsAbout(job, orders.get(Number(job.tags.order))));
      return { lost: lost.length, doubled: doubled.length, wrong };
    },
  };
}

function outcomeOf({ state, finishedAt, attempt, result, error }: JobSeen) {
  return { state, finishedAt, attempt, result, error: error?.code ?? null };
}

/** A doomed order throws an error that is not retried; every other one answers with the square of its number. */
function complaintsAbout(job: JobSeen, order: Order | undefined): string[] {
  if (order === undefined) return [];
  const { number, isDoomed } = order;
  const expected = isDoomed ? 'failed' : 'succeeded';
  if (job.state !== expected)
    return [`order ${number} ${job.state} instead of ${expected}: ${JSON.stringify(job.error)}`];
  const result = isDoomed ? null : { number, square: number * number };
  return JSON.stringify(job.result) === JSON.stringify(result)
    ? []
    : [`order ${number} has ${JSON.stringify(job.result)}`];
}
