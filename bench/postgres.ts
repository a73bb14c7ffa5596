/**
 * Bide beside pg-boss and graphile-worker, on one PostgreSQL server, in one run: burn-down of no-op jobs by one worker process,
 * and durable submits by 64 callers with one job per call. fsync and synchronous_commit are on.
 *
 * `node bench/postgres.ts [--jobs 20000] [--submits 20000] [--rounds 3]`; before the first time, `npm install` in bench/. Each
 * contender runs in a process of its own and a database of its own; rounds alternate, and the median counts, since one machine
 * swings by a third. Each peer is set as fast as its own documentation makes it (see bench/peers/).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startTestServer } from '../test/postgres/server.ts';
import { cpuSecondsOf } from './process-cpu.ts';

interface Contender {
  readonly file: string;
  readonly mode: string;
}

const CONTENDERS: Readonly<Record<string, Contender>> = {
  bide: { file: 'postgres-bide.ts', mode: '' },
  'pg-boss': { file: 'peers/pg-boss.js', mode: 'default' },
  'pg-boss, batched': { file: 'peers/pg-boss.js', mode: 'batched' },
  'graphile-worker': { file: 'peers/graphile-worker.js', mode: 'default' },
  'graphile-worker, batched': { file: 'peers/graphile-worker.js', mode: 'batched' },
};
/** A contender that takes longer than this for one role is stuck. */
const ROLE_MS_MAX = 5 * 60_000;

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '20000' },
    submits: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});
if (!existsSync(join(import.meta.dirname, 'node_modules', 'pg-boss'))) {
  console.error('The peers are not installed: run npm install in bench/ first.');
  process.exit(2);
}

const names = Object.keys(CONTENDERS).filter((name) => values.only === undefined || name === values.only);
const burns = new Map<string, number[]>();
const submits = new Map<string, number[]>();
const server = await startTestServer({ settings: { shared_buffers: '512MB', max_wal_size: '4GB' } });
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const name of names) await runRound(name, CONTENDERS[name] as Contender);
  }
} finally {
  await server.end();
}
console.log(`Median of ${values.rounds} rounds, jobs per second, fsync and synchronous_commit on`);
console.table(
  Object.fromEntries(
    names.map((name) => [
      name,
      { 'burn-down': median(burns.get(name)), 'submit by 64 callers': median(submits.get(name)) },
    ]),
  ),
);

async function runRound(name: string, contender: Contender): Promise<void> {
  const url = await server.createDatabase();
  await runRole(contender, ['fill', url, values.jobs]);
  const burn = await runRole(contender, ['burn', url, values.jobs, contender.mode]);
  const submit = await runRole(contender, ['submit', await server.createDatabase(), values.submits]);
  const costs = [costOf(burn, values.jobs), costOf(submit, values.submits)];
  note(burns, name, Number(values.jobs) / (burn.seconds ?? Number.NaN));
  note(submits, name, Number(values.submits) / (submit.seconds ?? Number.NaN));
  const parts = [
    `${name}: burn ${rate(burns, name)}/s, ${costs[0]}`,
    `submit ${rate(submits, name)}/s, p50 ${submit.p50?.toFixed(1)} ms, p99 ${submit.p99?.toFixed(1)} ms, ${costs[1]}`,
  ];
  console.log(parts.join('; '));
}

type Answer = Readonly<Record<string, number>>;

function costOf({ cpuSeconds, databaseSeconds }: Answer, jobs: string): string {
  const micros = (seconds: number | undefined) => Math.round(((seconds ?? Number.NaN) / Number(jobs)) * 1_000_000);
  return `CPU per job ${micros(cpuSeconds)} us client, ${micros(databaseSeconds)} us database`;
}

async function runRole({ file }: Contender, args: readonly string[]): Promise<Answer> {
  const before = cpuSecondsOf(server.pid);
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, file), ...args], {
    timeout: ROLE_MS_MAX,
  });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  const answer: Answer = line === '' ? {} : JSON.parse(line);
  return { ...answer, databaseSeconds: (cpuSecondsOf(server.pid) ?? Number.NaN) - (before ?? 0) };
}

function note(into: Map<string, number[]>, name: string, value: number): void {
  into.set(name, [...(into.get(name) ?? []), value]);
}

function rate(from: ReadonlyMap<string, readonly number[]>, name: string): number {
  return Math.round(from.get(name)?.at(-1) ?? 0);
}

function median(numbers: readonly number[] = []): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
}
