/**
 * What a tenant feels of another one's attack: `node bench/neighbour.ts [seconds] [attack]`.
 *
 * One server; one caller of the good tenant who reads a job, one request after another with pauses of some ms; beside them one attack after
 * another by the key of a bad tenant, from a process of its own. For each the good caller's latencies are taken for `seconds` (4). The aim is
 * a p99 of at most five times that of the idle server, which is measured first and last. On a machine with two cores the attacker's own work counts too: `reads at
 * full rate`, which is no attack, shows how much.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Scene } from './neighbour-server.ts';

const SECONDS = Number(process.argv[2] ?? 4);
const ONLY = process.argv[3];
const PAUSE_MS = 3;
const ATTACKS = [
  'nothing',
  'reads at full rate',
  'avro counts',
  'query of spaces',
  'large tags',
  'unread lists',
  'unread results',
  '3,000 streams',
  '800 waits x 1,000',
  'nothing',
];

function start(script: string, ...args: string[]): ChildProcess {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function linesOf(child: ChildProcess): () => Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  return async () => String((await once(lines, 'line'))[0]);
}

const agent = new Agent({ keepAlive: true });

function readOnce({ port, keys, good }: Scene): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${keys.good}` };
    const call = request({ host: '127.0.0.1', port, path: `/v1/jobs/${good}`, agent, headers, timeout: 30_000 });
    call.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`The good caller got ${response.statusCode}.`));
      response.resume().on('end', () => resolve(performance.now() - startedAt));
    });
    call.on('error', reject);
    call.end();
  });
}

async function felt(scene: Scene): Promise<readonly number[]> {
  const until = performance.now() + SECONDS * 1_000;
  const latencies: number[] = [];
  while (performance.now() < until) {
    latencies.push(await readOnce(scene));
    await sleep(PAUSE_MS);
  }
  return latencies.sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

const server = start('neighbour-server.ts');
const serverLine = linesOf(server);
const scene = JSON.parse(await serverLine()) as Scene;
await felt(scene);
console.log('| attack | p50 ms | p99 ms | worst | p99 / idle | server MB |\n| --- | --- | --- | --- | --- | --- |');
let idleMs = 0;
for (const name of ATTACKS.filter((one) => ONLY === undefined || one === 'nothing' || one === ONLY)) {
  const attacker = start('neighbour-attacks.ts', name, JSON.stringify(scene));
  await linesOf(attacker)();
  const sorted = await felt(scene);
  const [p50, p99, worst] = [0.5, 0.99, 1].map((part) => quantile(sorted, part)) as [number, number, number];
  idleMs ||= p99;
  server.stdin?.write('memory\n');
  const memory = await serverLine();
  const cells = [name, p50.toFixed(2), p99.toFixed(1), worst.toFixed(0), (p99 / idleMs).toFixed(1), memory];
  console.log(`| ${cells.join(' | ')} |`);
  attacker.kill('SIGKILL');
  await sleep(1_000);
}
server.stdin?.end();
await once(server, 'exit');
agent.destroy();
