/**
 * What Bide costs over bare Fastify, in one run: status reads beside a route that returns a constant body of the same size, and durable submits
 * (one job per request, fsync per acknowledged batch) beside a bare POST and beside Bide on a store that keeps nothing.
 *
 * Two processes besides this one: the server under load, and the load. The contenders take turns in short rounds, and ratios are taken within a
 * round and then their median, because on a shared machine the rate of anything drifts by a third within a minute. `node bench/http.ts
 * [rounds] [msPerRound]`.
 */
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadOptions, LoadResult } from './http-load.ts';

const ROUNDS = Number(process.argv[2] ?? 9);
const MEASURE_MS = Number(process.argv[3] ?? 1_000);
const WARM_UP_MS = 200;
const CLIENTS = 64;
/** Linux counts the CPU time of a process in hundredths of a second. */
const TICK_US = 10_000;

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly key: string;
  readonly pid: number;
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
}

interface Sample extends LoadResult {
  /** CPU time of the server per request: what drifts least. */
  readonly cpuUs: number;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function start(name: string, ...argv: readonly string[]): Promise<Contender> {
  const child = spawn(process.execPath, [path('http-server.ts'), ...argv], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await child.stdout.take(1).toArray()) as [Buffer];
  return { name, child, ...(JSON.parse(line.toString()) as Pick<Contender, 'port' | 'key' | 'pid'>) };
}

async function stop({ child }: Contender): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end();
  await gone;
}

const run = promisify(execFile);

async function load(contender: Contender, request: string): Promise<Sample> {
  const options: LoadOptions = {
    port: contender.port,
    request,
    connections: CLIENTS,
    warmUpMs: WARM_UP_MS,
    measureMs: MEASURE_MS,
  };
  const before = cpuTicks(contender.pid);
  const { stdout } = await run(process.execPath, [path('http-load.ts'), JSON.stringify(options)]);
  const ticks = cpuTicks(contender.pid) - before;
  const result = JSON.parse(stdout) as LoadResult;
  const bad = Object.keys(result.statuses).filter((status) => status !== '200' && status !== '202');
  if (bad.length > 0) throw new Error(`${contender.name} answered ${JSON.stringify(result.statuses)}`);
  const requests = (result.requestsPerSecond * (WARM_UP_MS + MEASURE_MS)) / 1_000;
  return { ...result, cpuUs: (ticks * TICK_US) / requests };
}

function cpuTicks(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return Number.NaN;
  }
}

function getOf(id: string, { key }: Contender): string {
  return `GET /v1/jobs/${id} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n\r\n`;
}

function postOf({ key }: Contender): string {
  const body = JSON.stringify({ type: 'bench', input: { report: 'daily', rows: 100 } });
  const head = `POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Runs the contenders in turns and prints a line for each, its rate beside that of the first. */
async function compare(
  title: string,
  contenders: readonly Contender[],
  request: (of: Contender) => string,
): Promise<void> {
  const samples = contenders.map((): Sample[] => []);
  for (const contender of contenders) await load(contender, request(contender));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, contender] of contenders.entries())
      samples[index]?.push(await load(contender, request(contender)));
  }
  process.stdout.write(`\n${title}\n${'contender'.padEnd(28)}${'req/s'.padStart(9)}${'of bare'.padStart(9)}`);
  process.stdout.write(`${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}${'cpu µs'.padStart(9)}\n`);
  for (const [index, contender] of contenders.entries()) {
    const own = samples[index] ?? [];
    const shares = own.map(
      (sample, round) => sample.requestsPerSecond / (samples[0]?.[round]?.requestsPerSecond ?? Number.NaN),
    );
    const column = (pick: (sample: Sample) => number, digits: number) =>
      median(own.map(pick)).toFixed(digits).padStart(9);
    process.stdout.write(
      `${contender.name.padEnd(28)}${column((s) => s.requestsPerSecond, 0)}${`${(median(shares) * 100).toFixed(0)} %`.padStart(9)}` +
        `${column((s) => s.p50Ms, 2)}${column((s) => s.p99Ms, 2)}${column((s) => s.cpuUs, 1)}\n`,
    );
  }
}

async function submitOne({ port, key }: Contender): Promise<{ readonly id: string; readonly bytes: number }> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'bench', input: { report: 'daily', rows: 100 } }),
  });
  const text = await answer.text();
  return { id: (JSON.parse(text) as { id: string }).id, bytes: Buffer.byteLength(text) };
}

process.stdout.write(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; ${CLIENTS} clients, `,
);
process.stdout.write(`${ROUNDS} rounds of ${MEASURE_MS} ms each, medians; shares within a round\n`);
const durable = await start('Bide, SQLite (FULL)', 'durable');
const noop = await start('Bide, no-op store', 'noop');
const { id, bytes } = await submitOne(durable);
const bare = await start('bare Fastify', 'bare', String(bytes));
try {
  await compare(`Status reads, ${bytes} bytes (aim: at least 85 % of bare)`, [bare, durable], (of) => getOf(id, of));
  await compare('Submits, one job per request (aim: at least 60 % of bare)', [bare, durable, noop], postOf);
} finally {
  await Promise.all([durable, noop, bare].map(stop));
}
