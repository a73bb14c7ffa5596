/** The faults themselves: what is done to a cluster while it is under load. Each answers what else is to be said of it. */
import assert from 'node:assert/strict';
import pg from 'pg';
import type { BideProcess } from '../postgres/cluster-process.ts';
import type { StopMode } from '../postgres/keeper.ts';
import { queryOnce } from '../postgres/server.ts';
import { pause, until } from './postgres-callers.ts';
import type { Fault, RunningLoad, Scene } from './postgres-scene.ts';

type Trouble = Fault['trouble'];

/** Orders between two strokes, so that the load is in full swing at each. */
const APART = 40;

/** Runs `stroke` so many times, with load before and after each. */
function strokes(times: number, stroke: () => Promise<unknown>, more: () => string = () => ''): Trouble {
  return async (load: RunningLoad) => {
    for (let time = 1; time <= times; time += 1) {
      await load.acknowledged(load.count + APART);
      await stroke();
    }
    await load.acknowledged(load.count + APART);
    return more();
  };
}

export function restarts({ server }: Scene, mode: StopMode, times: number): Trouble {
  return strokes(
    times,
    () => server.restart(mode),
    () => `, restarts ${times}`,
  );
}

/** Not spaced by load: sometimes a connection ends before it was of any use. */
export function terminations({ cluster }: Scene, times: number): Trouble {
  return async (load) => {
    let ended = 0;
    for (let time = 1; time <= times; time += 1) {
      const rows = await queryOnce(
        cluster.database,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      ended += rows.length;
      await pause();
    }
    await load.acknowledged(load.count + APART);
    return `, backends terminated ${ended}`;
  };
}

export function workerKills(scene: Scene, times: number): Trouble {
  let held = 0;
  const stroke = async () => {
    const { worker, leases } = await stoppedWithLeases(scene);
    scene.cluster.forget(worker);
    await worker.end('SIGKILL');
    held += leases.length;
    await scene.cluster.startWorker();
  };
  return strokes(times, stroke, () => `, leases held when killed ${held}`);
}

/** Sleeps until all of its jobs were taken back by others. */
export function workerSleeps(scene: Scene, times: number): Trouble {
  let held = 0;
  let refused = 0;
  const stroke = async () => {
    const { worker, leases } = await stoppedWithLeases(scene);
    const before = refusalsOf(worker);
    await until('the leases of the sleeper were taken back', async () => (await leasesOf(scene, worker)).length === 0);
    const taken = leases.length - (await finishedUnder(scene, leases));
    worker.signal('SIGCONT');
    await until(`the sleeper was refused ${taken} times`, () => refusalsOf(worker) - before >= taken);
    held += taken;
    refused += refusalsOf(worker) - before;
  };
  return strokes(times, stroke, () => `, leases held when stopped ${held}, late outcomes refused ${refused}`);
}

export function nodeKills(scene: Scene, times: number): Trouble {
  const { cluster } = scene;
  const stroke = async () => {
    const [node] = cluster.nodes;
    assert.ok(node !== undefined);
    cluster.forget(node);
    await node.end('SIGKILL');
    await cluster.startNode();
  };
  return strokes(times, stroke, () => `, nodes killed ${times}`);
}

/** Every node and every worker is stopped in turn, as by a supervisor, and comes back before the next one goes. */
export function rollingRestart({ cluster }: Scene): Trouble {
  const roll = async (one: BideProcess, start: () => Promise<unknown>) => {
    assert.equal(await one.end('SIGTERM'), 0, one.output());
    cluster.forget(one);
    await start();
  };
  return async (load) => {
    const [nodes, workers] = [[...cluster.nodes], [...cluster.workers]];
    for (const node of nodes) {
      await load.acknowledged(load.count + APART);
      await roll(node, () => cluster.startNode());
    }
    for (const worker of workers) {
      await load.acknowledged(load.count + APART);
      await roll(worker, () => cluster.startWorker());
    }
    await load.acknowledged(load.count + APART);
    return `, nodes restarted ${nodes.length}, workers restarted ${workers.length}`;
  };
}

/** Others take every connection that the server has, those of Bide among them. */
export function exhaustion({ cluster }: Scene, holdMs: number): Trouble {
  return async (load) => {
    await load.acknowledged(APART);
    const guests: pg.Client[] = [];
    let left = Number.POSITIVE_INFINITY;
    try {
      await crowd(cluster.database, guests);
      // Bide is quick to come back: in each round the guests win some of what it loses.
      for (let round = 1; round <= ROUNDS_MAX && left > 0; round += 1) {
        await guests[0]?.query(`SELECT pg_terminate_backend(pid) FROM ${OURS}`);
        await crowd(cluster.database, guests);
        left = Number((await guests[0]?.query(`SELECT count(*) FROM ${OURS}`))?.rows[0]?.count);
      }
      await pause(holdMs);
    } finally {
      await Promise.all(guests.map((guest) => guest.end().catch(() => {})));
    }
    await load.acknowledged(load.count + APART);
    return `, connections taken ${guests.length}, left to Bide ${left}`;
  };
}

const OURS = `pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'bide%'`;
const ROUNDS_MAX = 40;
/** Connects at once. */
const CROWD = 40;

/** Connects until nobody of a crowd gets in. */
async function crowd(url: string, guests: pg.Client[]): Promise<void> {
  for (let admitted = 1; admitted > 0; ) {
    const wave = Array.from({ length: CROWD }, () => enter(url));
    const inside = (await Promise.all(wave)).filter((guest) => guest !== null);
    guests.push(...inside);
    admitted = inside.length;
  }
}

async function enter(url: string): Promise<pg.Client | null> {
  const guest = new pg.Client({ connectionString: url, application_name: 'guest' });
  guest.on('error', () => {});
  try {
    await guest.connect();
    return guest;
  } catch {
    return null;
  }
}

/** A session that began a transaction, read something, and went to lunch: nothing that it might see can be cleaned away. */
export function idleInTransaction({ cluster }: Scene, holdMs: number): Trouble {
  return async (load) => {
    const session = new pg.Client({ connectionString: cluster.database });
    await session.connect();
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await session.query('SELECT count(*) FROM bide.jobs');
    const half = async () => {
      const before = load.count;
      await pause(holdMs / 2);
      return Math.round(((load.count - before) * 2_000) / holdMs);
    };
    const [first, second] = [await half(), await half()];
    await session.query('COMMIT');
    await session.end();
    return `, held ${holdMs / 1_000} s, submits per second ${first} in the first half and ${second} in the second`;
  };
}

/** Each sees the same jobs for as long as its transaction lasts. */
export function repeatableReaders({ cluster }: Scene, rounds: number): Trouble {
  const count = `SELECT count(*)::int AS jobs, sum(coalesce(w.revision, r.revision, f.revision))::bigint AS revisions FROM bide.jobs
    LEFT JOIN bide.waiting w USING (number) LEFT JOIN bide.running r USING (number) LEFT JOIN bide.finished f USING (number)`;
  const read = async () => {
    const session = new pg.Client({ connectionString: cluster.database });
    await session.connect();
    for (let round = 1; round <= rounds; round += 1) {
      await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const before = await session.query(count);
      await pause(1_000);
      assert.deepEqual((await session.query(count)).rows, before.rows);
      await session.query('COMMIT');
    }
    await session.end();
  };
  return async (load) => {
    await load.acknowledged(APART);
    await Promise.all([read(), read(), read(), read()]);
    return `, transactions of readers ${rounds * 4}`;
  };
}

export function burst(count: number): Trouble {
  return async (load) => {
    const startedAt = performance.now();
    await load.burst(count);
    const ms = performance.now() - startedAt;
    return `, submits per second ${Math.round(count / (ms / 1_000))}`;
  };
}

/** A node whose machine is late and a worker whose machine is early: the clock of the database decides, whatever they think. */
export function clockSkew({ cluster }: Scene, skewMs: number): Trouble {
  return async (load) => {
    const late = await cluster.startNode({ skewMs: -skewMs });
    const early = await cluster.startWorker({ skewMs });
    await load.acknowledged(load.count + 2 * APART);
    const [row] = await queryOnce(
      cluster.database,
      `SELECT max(abs(created_at - extract(epoch FROM clock_timestamp()) * 1000))::bigint AS far
        FROM (SELECT created_at FROM bide.jobs ORDER BY number DESC LIMIT ${APART}) AS newest`,
    );
    assert.ok(Number(row?.far) < skewMs / 2, `a new job is ${row?.far} ms away from the time of the database`);
    for (const one of [late, early]) {
      cluster.forget(one);
      assert.equal(await one.end('SIGTERM'), 0, one.output());
      assert.ok(!one.output().includes('lease lost'), one.output());
    }
    return `, clocks wrong by ${skewMs / 60_000} minutes`;
  };
}

/** Workers that neither tell nor hear: all that nodes and workers learn of each other, they learn by polling. */
export function silence({ cluster }: Scene): Trouble {
  return async (load) => {
    const loud = [...cluster.workers];
    await cluster.startWorker({ args: ['--no-notify'] });
    for (const worker of loud) {
      cluster.forget(worker);
      assert.equal(await worker.end('SIGTERM'), 0, worker.output());
    }
    await load.acknowledged(load.count + APART);
    return '';
  };
}

/** Workers are named after their host and pid. */
/** A job in somebody's hands, and under which fence. */
interface Lease {
  readonly id: string;
  readonly fence: number;
}

const HELD = `SELECT id, fence::int FROM bide.running JOIN bide.jobs USING (number) WHERE worker LIKE '%-' || $1 || '-%'`;

async function leasesOf({ cluster }: Scene, { pid }: BideProcess): Promise<readonly Lease[]> {
  return (await queryOnce(cluster.database, HELD, [String(pid)])) as unknown as readonly Lease[];
}

const FINISHED = `SELECT count(*)::int AS jobs FROM bide.finished JOIN bide.jobs j USING (number), unnest($1::uuid[], $2::bigint[]) AS l(id, fence)
  WHERE j.id = l.id AND finished.fence = l.fence AND state = 'succeeded'`;

/** Jobs that whoever held these leases has finished on their own: a busy server may write that long after it was sent. */
async function finishedUnder({ cluster }: Scene, leases: readonly Lease[]): Promise<number> {
  const values = [leases.map(({ id }) => id), leases.map(({ fence }) => fence)];
  return Number((await queryOnce(cluster.database, FINISHED, values))[0]?.jobs);
}

interface Stopped {
  readonly worker: BideProcess;
  readonly leases: readonly Lease[];
}

/** A worker that was stopped with jobs in its hands. Most of its jobs are short: it may take some tries. */
async function stoppedWithLeases(scene: Scene): Promise<Stopped> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const worker = scene.cluster.workers[tries % scene.cluster.workers.length];
    assert.ok(worker !== undefined);
    worker.signal('SIGSTOP');
    // What it had sent before is still written: the database does not know that its client sleeps.
    await pause(300);
    const leases = await leasesOf(scene, worker);
    if (leases.length > 0) return { worker, leases };
    worker.signal('SIGCONT');
    await pause();
  }
  throw new Error(`In ${TRIES_MAX} tries no worker was stopped while it held a lease.`);
}

const TRIES_MAX = 50;

function refusalsOf(worker: BideProcess): number {
  return worker.output().split('lease lost, work dropped').length - 1;
}
