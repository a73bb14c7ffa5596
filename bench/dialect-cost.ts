/**
 * What each dialect costs over the native API for a status read of the same finished job: `node bench/dialect-cost.ts [rounds] [msPerRound] [dialect…]`.
 *
 * One server with all dialects in a process of its own, the load in another. The contenders take turns in short rounds; ratios are taken within
 * a round and then their median, because on a shared machine the rate of anything drifts by a third within a minute.
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
const WANTED = process.argv.slice(4);
const WARM_UP_MS = 200;
const CLIENTS = 64;
/** Linux counts the CPU time of a process in hundredths of a second. */
const TICK_US = 10_000;
/** What a dialect may cost over the native API. */
const AIM = 1.25;

interface Measured {
  readonly port: number;
  readonly pid: number;
  readonly key: string;
  /** For dialects that take a token for a key. */
  readonly token: string;
  readonly id: string;
  /** For dialects whose ids are numbers. */
  readonly numericId: number;
}

interface Read {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const JSON_BODY = { 'Content-Type': 'application/json' };

const READS: Readonly<Record<string, (of: Measured) => Read>> = {
  native: ({ id, key }) => ({ path: `/v1/jobs/${id}`, headers: { Authorization: `Bearer ${key}` } }),
  silentpush: ({ id, key }) => ({
    path: `/silentpush/api/v1/merge-api/explore/job/${id}?max_wait=0`,
    headers: { 'X-API-KEY': key },
  }),
  immuta: ({ id, key }) => ({
    method: 'POST',
    path: '/immuta/jobs/statuses',
    headers: { Authorization: `Bearer ${key}`, ...JSON_BODY },
    body: JSON.stringify({ jobIds: [id] }),
  }),
  toolkitapi: ({ id, key }) => ({ path: `/toolkitapi/v1/jobs/${id}`, headers: { 'X-API-Key': key } }),
  kinetica: ({ numericId, key }) => ({
    method: 'POST',
    path: '/kinetica/get/job',
    headers: { Authorization: `Basic ${Buffer.from(`admin:${key}`).toString('base64')}`, ...JSON_BODY },
    body: JSON.stringify({ job_id: numericId, options: {} }),
  }),
  symbl: ({ id, token }) => ({ path: `/symbl/v1/job/${id}`, headers: { Authorization: `Bearer ${token}` } }),
};

type Server = Measured & { readonly child: ChildProcessByStdio<Writable, Readable, null> };

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const run = promisify(execFile);

async function start(): Promise<Server> {
  const child = spawn(process.execPath, [path('dialect-cost-server.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await child.stdout.take(1).toArray()) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as Measured) };
}

function requestOf({ method = 'GET', path: url, headers, body = '' }: Read): string {
  const all = { Host: '127.0.0.1', ...headers, ...(body === '' ? {} : { 'Content-Length': String(body.length) }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

interface Sample extends LoadResult {
  readonly cpuUs: number;
}

async function load(server: Server, request: string): Promise<Sample> {
  const { port, pid } = server;
  const options: LoadOptions = { port, request, connections: CLIENTS, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS };
  const before = cpuTicks(pid);
  const { stdout } = await run(process.execPath, [path('http-load.ts'), JSON.stringify(options)]);
  const result = JSON.parse(stdout) as LoadResult;
  if (Object.keys(result.statuses).join() !== '200') throw new Error(`${request} ${JSON.stringify(result.statuses)}`);
  const requests = (result.requestsPerSecond * (WARM_UP_MS + MEASURE_MS)) / 1_000;
  return { ...result, cpuUs: ((cpuTicks(pid) - before) * TICK_US) / requests };
}

function cpuTicks(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return Number.NaN;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const server = await start();
const names = Object.keys(READS).filter((name) => name === 'native' || WANTED.length === 0 || WANTED.includes(name));
const requests = names.map((name) => requestOf(READS[name]?.(server) ?? { path: '/', headers: {} }));
const samples = names.map((): Sample[] => []);
try {
  for (const request of requests) await load(server, request);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, request] of requests.entries()) samples[index]?.push(await load(server, request));
  }
} finally {
  const gone = new Promise((resolve) => server.child.once('exit', resolve));
  server.child.stdin.end();
  await gone;
}
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; ${CLIENTS} clients, `);
console.log(`${ROUNDS} rounds of ${MEASURE_MS} ms each, medians; ratios within a round (aim: at most ${AIM})`);
console.log(
  `${'dialect'.padEnd(14)}${'req/s'.padStart(9)}${'cost'.padStart(9)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}${'cpu µs'.padStart(9)}`,
);
for (const [index, name] of names.entries()) {
  const own = samples[index] ?? [];
  const cost = median(
    own.map((sample, round) => (samples[0]?.[round]?.requestsPerSecond ?? Number.NaN) / sample.requestsPerSecond),
  );
  const column = (pick: (sample: Sample) => number, digits: number) =>
    median(own.map(pick)).toFixed(digits).padStart(9);
  console.log(
    `${name.padEnd(14)}${column((s) => s.requestsPerSecond, 0)}${cost.toFixed(2).padStart(9)}` +
      `${column((s) => s.p50Ms, 2)}${column((s) => s.p99Ms, 2)}${column((s) => s.cpuUs, 1)}`,
  );
}
