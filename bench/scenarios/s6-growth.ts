/** S6: the same calls by a lone caller with few and with many jobs stored, round by round over all sizes; start, database and memory of each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metrics } from '../report/result.ts';
import { quantile } from '../report/statistics.ts';
import { freshFolder, runToEnd } from '../run/children.ts';
import { BENCH } from '../run/peers.ts';
import { inTurns, type Turn } from '../run/rounds.ts';
import { databaseBytes, FILLED_TYPES, type Filled } from '../servers/fill-store.ts';
import { type BidePlace, type BideServer, startBide } from '../servers/start-server.ts';
import { callBide } from './call-bide.ts';
import { roundTrips } from './s3-round-trip.ts';
import type { Bench, RunScenario } from './scenario.ts';

const CALLS = 100;
const WARM_UP = 10;
const FILL_MS_MAX = 10 * 60_000;
const MIB = 1_048_576;

interface Grown {
  readonly name: string;
  readonly server: BideServer;
  readonly filled: Filled;
  readonly fileMib: number;
}

export const run: RunScenario = async (bench) => {
  const { sizes, note, isSqliteOnly, untilMs } = bench;
  const grown: Grown[] = [];
  try {
    for (const engine of isSqliteOnly ? ['SQLite'] : ['SQLite', 'PostgreSQL']) {
      for (const jobs of sizes.stored) grown.push(await grow(bench, engine, jobs));
    }
    const turns = grown.map((one): Turn => ({ side: one.name, measure: () => measure(one, sizes.trips / 4) }));
    return await inTurns(turns, { rounds: sizes.rounds, untilMs, note });
  } finally {
    await Promise.all(grown.map(({ server }) => server.end()));
  }
};

async function grow({ services, note }: Bench, engine: string, jobs: number): Promise<Grown> {
  const url = engine === 'SQLite' ? null : await services.place('postgres');
  const place: BidePlace = { folder: freshFolder('grown'), url };
  const args = [join(BENCH, 'servers', 'fill-store.ts'), String(jobs), JSON.stringify(place)];
  const out = await runToEnd({ program: process.execPath, args }, FILL_MS_MAX);
  const filled = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Filled;
  const name = `Bide, ${engine}, ${jobs.toLocaleString('en-US')}`;
  const fileMib = (await databaseBytes(place)) / MIB;
  note(`${name} of each stored`);
  return { name, server: await startBide(place, services), filled, fileMib };
}

async function measure({ server, filled, fileMib }: Grown, trips: number): Promise<Metrics> {
  const { p50Ms } = await roundTrips(server, trips);
  const id = () => filled.ids[Math.floor(Math.random() * filled.ids.length)] ?? '';
  const claim = { types: [FILLED_TYPES.waiting], max: 10, leaseMs: 600_000 };
  return {
    tripMs: p50Ms ?? Number.NaN,
    readMs: await middle(() => callBide(server, 'GET', `/v1/jobs/${id()}`)),
    claimMs: await middle(() => callBide(server, 'POST', '/v1/work/claim', claim)),
    listMs: await middle(() => callBide(server, 'GET', '/v1/jobs?limit=50')),
    startMs: server.startMs,
    finishedBytes: filled.finishedBytes,
    fileMib,
    memoryMib: residentMib(server.pid),
  };
}

async function middle(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = -WARM_UP; turn < CALLS; turn += 1) {
    const startedAt = performance.now();
    await call();
    if (turn >= 0) times.push(performance.now() - startedAt);
  }
  return quantile(times, 0.5);
}

function residentMib(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  } catch {
    return Number.NaN;
  }
}
