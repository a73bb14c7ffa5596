/**
 * What minutes of mixed load do to a server: `node bench/soak.ts [minutes] [rest seconds]`.
 *
 * One `bide serve` on a fresh data folder with default limits, a function that does nothing and a type of remote work. From this process come
 * submits, status reads, waits, lists and remote work, all at the same pace from the first minute to the last; jobs are kept for a minute, so
 * that from the second minute on as many are removed as come in. After each minute the load pauses for a lone caller: what the machine
 * itself was worth in that minute. Minutes are compared with each other, and nothing else: other programs share the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Probe } from './soak-probe.ts';

const MINUTES = Number(process.argv[2] ?? 6);
const REST_S = Number(process.argv[3] ?? 60);
const MINUTE_MS = Number(process.env.SOAK_MINUTE_MS ?? 60_000);
const LONE_REQUESTS = 200;
const RECENT = 20_000;
const CONFIG = `export default { types: {
  nothing: { run: () => null, retainMs: 60_000 },
  parcel: { kind: 'remote', retainMs: 60_000 },
} };`;

type Kind = 'submit' | 'read' | 'wait' | 'list' | 'remote';

interface Body {
  readonly id: string;
  readonly fence: number;
  readonly jobs: readonly Body[];
}

const folder = mkdtempSync(join(tmpdir(), 'bide-soak-'));
writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
const data = join(folder, 'data');
const probe = new URL('soak-probe.ts', import.meta.url).href;
const server = await started();
const agent = new Agent({ keepAlive: true });
const latencies = new Map<Kind, number[]>();
const recent: string[] = [];
let phase: 'load' | 'pause' | 'over' = 'pause';

async function started(): Promise<{ readonly child: ChildProcess; readonly url: URL; readonly authorization: string }> {
  const bide = fileURLToPath(new URL('../bin/bide.js', import.meta.url));
  const args = [...process.execArgv, bide, 'serve', '--port', '0', '--data', data, '--config', 'bide.config.mjs'];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: `--import=${probe}`, BIDE_LAUNCHER_PID: String(process.pid) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let printed = '';
  const url = await new Promise<URL>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      printed = (printed + chunk).slice(-10_000);
      const found = /listening on (http:\/\/\S+)/.exec(printed)?.[1];
      if (found !== undefined) resolve(new URL(found));
    });
    child.once('exit', () => reject(new Error(`The server ended:\n${printed}`)));
  });
  return { child, url, authorization: `Bearer ${readFileSync(join(data, 'admin.key'), 'utf8').trim()}` };
}

/** Its latency is counted under `kind`; null where it is nobody's. Rejects for every answer of 400 and above but 404, 410 and 409. */
function ask(kind: Kind | null, path: string, body?: unknown): Promise<Body> {
  const startedAt = performance.now();
  const { authorization, url } = server;
  return new Promise((resolve, reject) => {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const method = body === undefined ? 'GET' : 'POST';
    const call = request({ host: url.hostname, port: url.port, path, method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        if (kind !== null) latencies.get(kind)?.push(performance.now() - startedAt);
        const text = Buffer.concat(chunks).toString();
        const status = response.statusCode ?? 0;
        if (status >= 400 && ![404, 409, 410].includes(status))
          reject(new Error(`${path} answered ${status}: ${text}`));
        else resolve(JSON.parse(text || '{}') as Body);
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** `callers`, each one deed after another with a pause between them, while there is load. */
function caller(callers: number, pauseMs: number, deed: (turn: number) => Promise<unknown>): Promise<unknown> {
  const one = async () => {
    for (let turn = 1; phase !== 'over'; turn += 1) {
      if (phase === 'load') await deed(turn);
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  };
  return Promise.all(Array.from({ length: callers }, one));
}

async function submit(type: string, kind: Kind | null = 'submit'): Promise<string> {
  const { id } = await ask(kind, '/v1/jobs', { type, input: { text: 'x'.repeat(200) }, tags: { from: 'soak' } });
  recent.push(id);
  if (recent.length > RECENT) recent.splice(0, RECENT / 2);
  return id;
}

/** Half of them of the newest hundred, the others of any that may be there. */
function someJob(): string {
  const newest = Math.random() < 0.5 ? 100 : recent.length;
  return recent[recent.length - 1 - Math.floor(Math.random() * Math.min(newest, recent.length))] ?? 'none';
}

async function work(): Promise<void> {
  const { jobs } = await ask('remote', '/v1/work/claim', { types: ['parcel'], max: 10, wait: 1 });
  await Promise.all(
    jobs.map(({ id, fence }) => ask('remote', `/v1/work/${id}/succeed`, { fence, result: { ok: true } })),
  );
}

function load(): Promise<unknown> {
  return Promise.all([
    caller(12, 40, (turn) => submit(turn % 4 === 0 ? 'parcel' : 'nothing')),
    caller(8, 20, () => ask('read', `/v1/jobs/${someJob()}`)),
    caller(8, 40, async () => ask('wait', `/v1/jobs/${await submit('nothing', 'submit')}?wait=10`)),
    caller(2, 250, (turn) => ask('list', `/v1/jobs?limit=100${turn % 2 === 0 ? '&type=parcel' : '&state=queued'}`)),
    caller(2, 20, work),
  ]);
}

function quantile(values: readonly number[] | undefined, part: number): string {
  const sorted = [...(values ?? [])].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function fileMegabytes(name: string): string {
  return megabytes(statSync(join(data, name), { throwIfNoEntry: false })?.size ?? 0);
}

async function probed(): Promise<Probe> {
  server.child.send('probe');
  return (await once(server.child, 'message'))[0] as Probe;
}

/** p99 of a lone caller's submits: what the machine was worth. */
async function lone(): Promise<string> {
  const alone: number[] = [];
  for (let turn = 1; turn <= LONE_REQUESTS; turn += 1) {
    const startedAt = performance.now();
    await submit('nothing', null);
    alone.push(performance.now() - startedAt);
  }
  return `${quantile(alone, 0.5)} / ${quantile(alone, 0.99)}`;
}

function row(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function timingsOf({ timings }: Probe): string {
  const words = Object.entries(timings).map(
    ([name, { count, sumMs, worstMs }]) =>
      `${name} ${count} × ${(sumMs / count).toFixed(2)} ms, worst ${worstMs.toFixed(0)}`,
  );
  return words.sort().join('; ');
}

function memoryOf({ rss, heapUsed, heapTotal, external, threadHeaps }: Probe): readonly string[] {
  return [...[rss, heapUsed, heapTotal, external].map(megabytes), threadHeaps.map(megabytes).join(' + ')];
}

const QUANTILES: readonly [Kind, number][] = [
  ['submit', 0.5],
  ['submit', 0.99],
  ['read', 0.5],
  ['read', 0.99],
  ['wait', 0.99],
  ['list', 0.99],
];

row([
  'minute',
  'submits',
  ...QUANTILES.map(([kind, part]) => `${kind} p${part * 100}`),
  'alone p50 / p99',
  'RSS',
  'heap',
  'of',
  'external',
  'heaps of threads',
  'bide.db',
  'log',
]);
row(Array.from({ length: 16 }, () => '---'));
const loads = load();
const details: string[] = [];
for (let minute = 1; minute <= MINUTES; minute += 1) {
  for (const [kind] of [...QUANTILES, ['remote'] as const]) latencies.set(kind, []);
  phase = 'load';
  await sleep(MINUTE_MS);
  const cells = QUANTILES.map(([kind, part]) => quantile(latencies.get(kind), part));
  const submits = latencies.get('submit')?.length ?? 0;
  phase = 'pause';
  const seen = await probed();
  await sleep(500);
  row([
    minute,
    submits,
    ...cells,
    await lone(),
    ...memoryOf(seen),
    fileMegabytes('bide.db'),
    fileMegabytes('bide.db-wal'),
  ]);
  details.push(`minute ${minute}: ${timingsOf(seen)}`);
}
phase = 'over';
await loads;
console.log(`\n${details.join('\n')}\n`);
await sleep(REST_S * 1_000);
const rested = await probed();
console.log(
  `after ${REST_S} s of rest: RSS, heap, of, external, heaps of threads ${memoryOf(rested).join(', ')}; bide.db ${fileMegabytes('bide.db')}`,
);
console.log(timingsOf(rested));
agent.destroy();
server.child.kill('SIGTERM');
await once(server.child, 'exit');
rmSync(folder, { recursive: true, force: true });
