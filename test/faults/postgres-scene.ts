/**
 * A cluster under load, a fault in the middle of it, and the account of every job at the end.
 *
 * The load goes on for as long as the fault does, and for at least the given number of orders. Then all jobs get `settleMs` to end:
 * a lost lease, a sweep and another attempt.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Cluster, startCluster } from '../postgres/cluster.ts';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { type Chance, seededChance } from '../process/seeded.ts';
import { createLedger, type Order } from './ledger.ts';
import { type Seen, submitAll, submitInBulk, until } from './postgres-callers.ts';
import { appointWitness, type Verdict, verdictOn } from './postgres-witness.ts';

/** The least that is allowed, so that tests need not wait for the real one; heartbeats come every 667 ms. */
export const LEASE_MS = 2_000;
const SETTLE_MS = 30_000;
/** What a fault that never ends may pile up. */
const ORDERS_MAX = 200_000;

const PERMANENT_ERROR = new URL('../../src/handlers/function/permanent-error.ts', import.meta.url).href;

const CONFIG = `
import { PermanentError } from ${JSON.stringify(PERMANENT_ERROR)};
export default {
  limits: { leaseMs: ${LEASE_MS}, sweepIntervalMs: 200, threads: 2 },
  types: {
    order: {
      slots: 20,
      retry: { attempts: 100, backoffMs: 10 },
      async run({ number, ms, isDoomed }, context) {
        context.progress(50);
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
        if (isDoomed) throw new PermanentError('doomed');
        return { number, square: number * number };
      },
    },
    parcel: { kind: 'remote', retry: { attempts: 100, backoffMs: 10 } },
  },
};
`;

export interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly cluster: Cluster;
  readonly chance: Chance;
  lastNumber: number;
}

export interface SceneOptions {
  readonly nodes: number;
  readonly workers: number;
  readonly args?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
}

export async function openScene({ settings = {}, ...options }: SceneOptions): Promise<Scene> {
  const server = await startTestServer({ settings });
  try {
    const cluster = await startCluster({ ...options, database: await server.createDatabase(), config: CONFIG });
    await appointWitness(cluster.database);
    return {
      ...{ server, cluster, chance: seededChance(), lastNumber: 0 },
      async [Symbol.asyncDispose]() {
        await cluster[Symbol.asyncDispose]();
        await server.end();
      },
    };
  } catch (error) {
    await server.end();
    throw error;
  }
}

export interface Fault {
  readonly name: string;
  /** Orders at least. */
  readonly orders: number;
  /** Longest run of one job. */
  readonly jobMsMax?: number;
  /** For the jobs that are open when it is over. */
  readonly settleMs?: number;
  /** Answers what else is to be said of it. */
  readonly trouble: (load: RunningLoad) => Promise<string | undefined>;
}

export interface RunningLoad {
  /** Resolves when so many orders are acknowledged. */
  acknowledged(count: number): Promise<void>;
  /** So many orders at once, beside the others. */
  burst(count: number): Promise<void>;
  readonly count: number;
}

/** Fails the test unless every job has exactly one outcome, the right one. */
export async function survive(t: TestContext, scene: Scene, fault: Fault): Promise<void> {
  const startedAt = performance.now();
  const ledger = createLedger();
  const seen: Seen = { refused: 0, broken: 0, rude: 0 };
  const numbers: number[] = [];
  let isOver = false;
  const newOrder = (jobMsMax: number): Order => {
    scene.lastNumber += 1;
    numbers.push(scene.lastNumber);
    return orderOf(scene, jobMsMax);
  };
  const nextOrder = () =>
    (isOver && numbers.length >= fault.orders) || numbers.length >= ORDERS_MAX ? null : newOrder(fault.jobMsMax ?? 100);
  const calls = { ...scene, ledger, nextOrder, seen };
  const load: RunningLoad = {
    acknowledged: (count) => until(`${count} submits were acknowledged`, () => ledger.submitted >= count),
    burst: (count) =>
      submitInBulk(
        calls,
        Array.from({ length: count }, () => newOrder(1)),
      ),
    get count() {
      return ledger.submitted;
    },
  };
  const callers = submitAll(calls);
  const trouble = fault.trouble(load).finally(() => {
    isOver = true;
  });
  const [more] = await Promise.all([trouble, callers]);
  const verdict = await verdictOn(scene.cluster.database, ledger, numbers, fault.settleMs ?? SETTLE_MS);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  t.diagnostic(`fault ${fault.name}: ${textOf(verdict)}, ${seenText(seen)}${more ?? ''}, ${seconds} s`);
  const { lost, doubled, stuck, wrong } = verdict;
  const ideal = { lost: 0, doubled: 0, stuck: 0, wrong: [], rude: 0, finished: verdict.submitted };
  const { finished } = verdict;
  assert.deepEqual({ lost, doubled, stuck, wrong, rude: seen.rude, finished }, ideal, `seed ${scene.chance.seed}`);
}

function orderOf({ chance, lastNumber }: Scene, jobMsMax: number): Order {
  return { number: lastNumber, ms: chance.onceIn(2) ? chance.between(1, jobMsMax) : 0, isDoomed: chance.onceIn(10) };
}

function textOf({ submitted, finished, lost, doubled, stuck, repeated }: Verdict): string {
  return `submitted ${submitted}, finished ${finished}, lost ${lost}, doubled ${doubled}, stuck ${stuck}, attempts repeated ${repeated}`;
}

function seenText({ refused, broken }: Seen): string {
  return `answered 503 ${refused}, broken ${broken}`;
}
