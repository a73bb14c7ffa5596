/** Starts each server of the scenarios over HTTP, in a process of its own, and says how it is asked. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, queryOnce } from '../../test/postgres/server.ts';
import { freshFolder, guarded, type RunningChild, startChild } from '../run/children.ts';
import type { HttpRequest, Loaded } from '../run/load.ts';
import { BENCH, BUN } from '../run/peers.ts';
import { cpuSecondsOf } from '../run/process-cpu.ts';
import type { Services } from '../run/services.ts';
import { SERVERS } from '../sides/catalog.ts';

const READY_MS = 60_000;
const BIDE = join(BENCH, '..', 'bin', 'bide.js');
const JSON_HEADERS = { 'Content-Type': 'application/json' };
/** About as long as a small job with its result. */
const INPUT = { report: 'daily', rows: 100 };
const POOL_ROWS = 10_000;

/** `noop` is run by the server; `parcel` waits for a worker, so that a submit of it is stored and no more. */
const CONFIG = `export default {
  types: { noop: { run: () => null }, parcel: { kind: 'remote' } },
  // One key looks at one unfinished job as fast as it can.
  limits: { jobsWaitingMax: 100_000_000, pollsPerSecondMax: 10_000_000 },
};
`;

export interface Server extends Loaded {
  readonly name: string;
  readonly pid: number;
  /** Stores one job and no more. Null where there is nothing to store in. */
  readonly submit: HttpRequest | null;
  /** Reads one job that is there. */
  readonly read: HttpRequest | null;
  end(): Promise<void>;
}

export interface BideServer extends Server {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** From the start of the process until it listens. */
  readonly startMs: number;
}

export interface BidePlace {
  readonly folder: string;
  readonly url: string | null;
}

export async function startBide({ folder, url: database }: BidePlace, services: Services): Promise<BideServer> {
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  const place = ['--port', '0', '--data', data, '--config', 'bide.config.mjs'];
  const args = [BIDE, 'serve', ...place, ...(database === null ? [] : ['--database', database])];
  const startedAt = performance.now();
  const child = await startChild(
    { program: process.execPath, args, cwd: folder, env: { BIDE_LAUNCHER_PID: String(process.pid) } },
    { ready: /listening on (http:\S+)/, deadlineMs: READY_MS, hasChannel: true },
  );
  const startMs = performance.now() - startedAt;
  const url = child.ready[1] ?? '';
  const headers = { Authorization: `Bearer ${readFileSync(join(data, 'admin.key'), 'utf8').trim()}` };
  const service = database === null ? null : 'postgres';
  return {
    name: (database === null ? SERVERS.bideSqlite : SERVERS.bidePostgres).name,
    url,
    headers,
    startMs,
    ...serverOf(child, Number(new URL(url).port)),
    cpuSeconds: () => (cpuSecondsOf(child.pid) ?? Number.NaN) + services.cpuSeconds(service),
    submit: postOf('/v1/jobs', headers, { type: 'parcel', input: INPUT }),
    read: getOf(`/v1/jobs/${await submitOne(url, headers)}`, headers),
  };
}

/** A constant body of as many bytes as Bide answers. */
export async function startBare(bytes: number): Promise<Server> {
  const server = await startReference('bare', String(bytes));
  const submit = postOf('/v1/jobs', {}, { type: 'parcel', input: INPUT });
  return { name: SERVERS.bareFastify.name, ...server, submit, read: getOf('/v1/jobs/1', {}) };
}

export async function startPoolQuery(bytes: number, services: Services): Promise<Server> {
  const url = await services.place('postgres');
  await queryOnce(url, 'CREATE TABLE job (id integer PRIMARY KEY, body text NOT NULL)');
  await queryOnce(url, `INSERT INTO job SELECT n, repeat('x', $1) FROM generate_series(1, ${POOL_ROWS}) AS g(n)`, [
    bytes,
  ]);
  const server = await startReference('pool', url);
  const cpuSeconds = () => server.cpuSeconds() + services.cpuSeconds('postgres');
  return { name: SERVERS.poolQuery.name, ...server, cpuSeconds, submit: null, read: getOf('/v1/jobs/77', {}) };
}

export async function startBunqueue(): Promise<Server> {
  const [tcp, http] = [await freePort(), await freePort()];
  const place = [
    '--tcp-port',
    String(tcp),
    '--http-port',
    String(http),
    '--data-path',
    join(freshFolder('bunqueue'), 'queue.db'),
  ];
  const cli = join(BENCH, 'node_modules', 'bunqueue', 'dist', 'cli', 'index.js');
  const child = await startChild(
    guarded({
      program: BUN,
      args: [cli, 'start', '--host', '127.0.0.1', ...place],
      env: { RATE_LIMIT_MAX_REQUESTS: '1000000000' },
    }),
    { ready: /HTTP.*/, deadlineMs: READY_MS },
  );
  const answer = await untilAnswered(`http://127.0.0.1:${http}/queues/parcel/jobs`, bunqueueBody());
  const { id } = (await answer.json()) as { readonly id: string };
  return {
    name: SERVERS.bunqueue.name,
    ...serverOf(child, http),
    submit: { method: 'POST', path: '/queues/parcel/jobs', headers: JSON_HEADERS, body: bunqueueBody() },
    read: getOf(`/jobs/${id}`, {}),
  };
}

/** It prints its ports before it listens on them. */
async function untilAnswered(url: string, body: string): Promise<Response> {
  for (const from = performance.now(); ; ) {
    try {
      return await fetch(url, { method: 'POST', headers: JSON_HEADERS, body, signal: AbortSignal.timeout(READY_MS) });
    } catch (error) {
      if (performance.now() - from > READY_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function bunqueueBody(): string {
  return JSON.stringify({ data: INPUT, durable: true });
}

async function startReference(kind: string, argument: string) {
  const file = join(import.meta.dirname, 'reference-server.ts');
  const child = await startChild(
    { program: process.execPath, args: [file, kind, argument] },
    { ready: /"port":(\d+)/, deadlineMs: READY_MS },
  );
  return serverOf(child, Number(child.ready[1]));
}

function serverOf({ pid, end }: RunningChild, port: number) {
  return { port, pid, end, cpuSeconds: () => cpuSecondsOf(pid) ?? Number.NaN };
}

/** How long the body of a job is, which references answer with as well. */
export async function bodyBytes({ url, headers, read }: BideServer): Promise<number> {
  const answer = await fetch(`${url}${read?.path}`, { headers, signal: AbortSignal.timeout(READY_MS) });
  return Buffer.byteLength(await answer.text());
}

async function submitOne(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const { path, body, headers: all } = postOf('/v1/jobs', headers, { type: 'parcel', input: INPUT });
  const signal = AbortSignal.timeout(READY_MS);
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers: all, body, signal });
  return ((await answer.json()) as { readonly id: string }).id;
}

function getOf(path: string, headers: Readonly<Record<string, string>>): HttpRequest {
  return { method: 'GET', path, headers, body: null };
}

function postOf(path: string, headers: Readonly<Record<string, string>>, body: unknown): HttpRequest {
  return { method: 'POST', path, headers: { ...headers, ...JSON_HEADERS }, body: JSON.stringify(body) };
}
