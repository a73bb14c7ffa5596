/**
 * Load on an HTTP server from another process: wrk where it is installed, else a small generator of our own. Either costs less than any
 * server here, and what it cost is part of the sample (`loadCpuUs`), for on two cores a slow client would hide the server.
 */
import { join } from 'node:path';
import type { Metrics } from '../report/result.ts';
import { runToEnd } from './children.ts';
import type { OwnLoad } from './own-load.ts';
import { hasProgram } from './peers.ts';
import { cpuSecondsOfEndedChildren } from './process-cpu.ts';

export const CLIENTS = 64;
/** How much longer than it was told a generator may take. */
const GRACE_MS = 30_000;
const WARM_UP_MS = 1_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface Loaded {
  readonly port: number;
  /** CPU seconds of all processes that answer. */
  cpuSeconds(): number;
}

export function loadGenerator(): string {
  return hasProgram('wrk') ? 'wrk, one thread' : 'run/own-load.ts (install wrk for a known one)';
}

/** The request over and over on 64 connections. An answer of 400 or above is an error of the measurement. */
export async function load(server: Loaded, request: HttpRequest, ms: number): Promise<Metrics> {
  const before = { server: server.cpuSeconds(), load: cpuSecondsOfEndedChildren() };
  const { requests, bad, ...times } = await generate(server.port, request, ms);
  if (bad !== 0) throw new Error(`${bad} of ${requests} answers to ${request.method} ${request.path} were errors`);
  if (requests === undefined || requests === 0) throw new Error('no answer at all');
  return {
    ...times,
    cpuUs: ((server.cpuSeconds() - before.server) * 1_000_000) / requests,
    loadCpuUs: ((cpuSecondsOfEndedChildren() - before.load) * 1_000_000) / requests,
  };
}

/** Lets a server compile its code before it is measured. */
export async function warmUp(server: Loaded, request: HttpRequest): Promise<void> {
  await generate(server.port, request, WARM_UP_MS);
}

async function generate(port: number, { method, path, headers, body }: HttpRequest, ms: number): Promise<Metrics> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (!hasProgram('wrk')) {
    const options: OwnLoad = { port, method, path, headers: lines, body, connections: CLIENTS, ms };
    const args = [join(import.meta.dirname, 'own-load.ts'), JSON.stringify(options)];
    return JSON.parse(await runToEnd({ program: process.execPath, args }, ms + GRACE_MS)) as Metrics;
  }
  const args = [
    '-t1',
    `-c${CLIENTS}`,
    `-d${Math.max(1, Math.round(ms / 1_000))}s`,
    '-s',
    join(import.meta.dirname, 'wrk-report.lua'),
  ];
  const env = { BENCH_METHOD: method, BENCH_HEADERS: lines.join('\n'), ...(body === null ? {} : { BENCH_BODY: body }) };
  const out = await runToEnd(
    { program: 'wrk', args: [...args, `http://127.0.0.1:${port}${path}`], env },
    ms + GRACE_MS,
  );
  return JSON.parse(/^RESULT (.*)$/m.exec(out)?.[1] ?? '{}') as Metrics;
}
