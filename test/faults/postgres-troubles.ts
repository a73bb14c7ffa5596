/** The faults themselves: what is done to a cluster while it is under load. Each answers what else is to be said of it. */
import assert from 'node:assert/strict';
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
    const worker = await workerWithLeases(scene);
    scene.cluster.forget(worker);
    await worker.end('SIGKILL');
    held += await leasesOf(scene, worker);
    await scene.cluster.startWorker();
  };
  return strokes(times, stroke, () => `, leases held when killed ${held}`);
}

/** Sleeps until all of its jobs were taken back by others. */
export function workerSleeps(scene: Scene, times: number): Trouble {
  let held = 0;
  let refused = 0;
  const stroke = async () => {
    const worker = await workerWithLeases(scene);
    const before = refusalsOf(worker);
    worker.signal('SIGSTOP');
    const leases = await leasesOf(scene, worker);
    await until('the leases of the sleeper were taken back', async () => (await leasesOf(scene, worker)) === 0);
    worker.signal('SIGCONT');
    await until('the sleeper was refused', () => refusalsOf(worker) - before >= leases);
    held += leases;
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

/** Workers that neither tell nor hear: all that nodes and workers learn of each other, they learn by polling. */
export function silence({ cluster }: Scene): Trouble {
  return async (load) => {
    const loud = [...cluster.workers];
    await cluster.startWorker(['--no-notify']);
    for (const worker of loud) {
      cluster.forget(worker);
      assert.equal(await worker.end('SIGTERM'), 0, worker.output());
    }
    await load.acknowledged(load.count + APART);
    return '';
  };
}

/** Workers are named after their host and pid. */
const HELD = `SELECT count(*)::int AS held FROM bide.jobs WHERE state = 'running' AND worker LIKE '%-' || $1 || '-%'`;

async function leasesOf({ cluster }: Scene, { pid }: BideProcess): Promise<number> {
  const [row] = await queryOnce(cluster.database, HELD, [String(pid)]);
  return Number(row?.held);
}

async function workerWithLeases(scene: Scene): Promise<BideProcess> {
  let found: BideProcess | undefined;
  await until('a worker holds leases', async () => {
    for (const worker of scene.cluster.workers) if ((await leasesOf(scene, worker)) >= 2) found = worker;
    return found !== undefined;
  });
  return found as BideProcess;
}

function refusalsOf(worker: BideProcess): number {
  return worker.output().split('lease lost, work dropped').length - 1;
}
