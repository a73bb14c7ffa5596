/**
 * How fast held requests are answered: `node bench/holds.ts [count] [rounds]`.
 *
 * `count` (2,000) requests are held on Silent Push, and Immuta calls wait without end for as many jobs. Jobs are completed by a worker; for each
 * answer the time from its completing call to its arrival is taken, commit to disk included. Reads of the store are counted: a waiter must cost none.
 * The clients are a process of their own.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_LIMITS } from '../src/core/limits.ts';
import { countReads } from '../src/dialects/contract-suite/count-reads.ts';
import { dialects } from '../src/dialects/index.ts';
import type { JobType } from '../src/engine/api.ts';
import { createEngine } from '../src/engine/index.ts';
import { createAuthenticator } from '../src/http/auth.ts';
import { createHolds } from '../src/http/hold.ts';
import { createKeys } from '../src/http/keys.ts';
import { createLogger } from '../src/http/log.ts';
import { createServer, type Mount } from '../src/http/server.ts';
import { openSqlite } from '../src/store/sqlite/index.ts';
import type { Arrival, HoldOptions } from './holds-client.ts';

const COUNT = Number(process.argv[2] ?? 2_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const TENANT = 'default';
const CLAIM_MAX = DEFAULT_LIMITS.claimMax;
const never = new AbortController().signal;

const remoteType = (name: string): JobType => ({
  name,
  handler: 'remote',
  slots: 1,
  defaults: { timeoutMs: null, retainMs: null, retry: {} },
  checkInput: (input) => ({ kind: 'valid', input }),
});

const folder = await mkdtemp(join(tmpdir(), 'bide-holds-'));
const { store, reads } = countReads(await openSqlite({ folder }));
await store.migrate();
const limits = DEFAULT_LIMITS;
const types = ['single', 'many'].map(remoteType);
const engine = createEngine({ store, limits, workerName: 'bench', runsJobs: false, types });
await engine.start();
const holds = createHolds({ limits, draining: engine.draining });
const mounts = dialects.flatMap((dialect): Mount[] => {
  const parsed = dialect.parseOptions(undefined);
  if (parsed.kind === 'invalid') return [];
  return [{ dialect, options: parsed.options, at: { kind: 'prefix', prefix: `/${dialect.name}` } }];
});
const server = await createServer({
  engine,
  auth: createAuthenticator({ store, clock: engine.clock, limits }),
  holds,
  documents: store,
  dialects: mounts,
  dialectsFolder: join(folder, 'dialects'),
  logger: createLogger('error'),
  publicUrl: null,
});
const { key } = await createKeys({ store, clock: engine.clock }).create({
  tenant: TENANT,
  name: 'bench',
  scopes: ['submit', 'read'],
});
const baseUrl = await server.listen({ host: '127.0.0.1', port: 0 });
const port = Number(new URL(baseUrl).port);

interface Claimed {
  readonly id: string;
  readonly fence: number;
}

async function startJobs(type: string, count = COUNT): Promise<readonly Claimed[]> {
  for (let left = count; left > 0; left -= 1_000) {
    await engine.submit(Array.from({ length: Math.min(left, 1_000) }, () => ({ tenant: TENANT, type })));
  }
  const claimed: Claimed[] = [];
  while (claimed.length < count) {
    const worker = { tenant: TENANT, types: [type], max: CLAIM_MAX, leaseMs: 600_000, worker: 'bench' };
    const outcome = await engine.workClaim({ ...worker, timeoutMs: 1_000, signal: never });
    if (outcome.kind !== 'claimed' || outcome.jobs.length === 0)
      throw new Error(`Claimed ${claimed.length} of ${count}.`);
    claimed.push(...outcome.jobs.map(({ job }) => ({ id: job.id, fence: job.fence })));
  }
  return claimed;
}

async function held(count: number): Promise<void> {
  while (holds.count < count) await new Promise((resolve) => setImmediate(resolve));
}

const now = () => performance.timeOrigin + performance.now();

/** Arrivals in the order of `requests`, once all of them are held and `complete` has been called. */
async function heldWhile(requests: readonly string[], complete: () => Promise<void>): Promise<readonly Arrival[]> {
  const file = fileURLToPath(new URL('holds-client.ts', import.meta.url));
  const client = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  client.stdin.end(JSON.stringify({ port, requests } satisfies HoldOptions));
  const printed = client.stdout.toArray() as Promise<Buffer[]>;
  await held(requests.length);
  await complete();
  const arrivals = JSON.parse(Buffer.concat(await printed).toString()) as readonly Arrival[];
  const bad = arrivals.find(({ status }) => status !== 200);
  if (bad !== undefined || arrivals.length !== requests.length) throw new Error(`Answered ${JSON.stringify(bad)}.`);
  return arrivals;
}

const result = { contentType: 'application/json', bytes: Buffer.from('[{"row":1}]') };

function complete({ id, fence }: Claimed): Promise<unknown> {
  return engine.workSucceed({ tenant: TENANT, id, fence, result });
}

function report(title: string, delays: readonly number[], readCount: number): void {
  const sorted = [...delays].sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  const times = `p50 ${at(0.5).padStart(6)}, p99 ${at(0.99).padStart(6)}, max ${at(1).padStart(6)} ms`;
  console.log(`${title.padEnd(62)} ${times}; ${readCount} reads of the store`);
}

function silentpushRead({ id }: Claimed): string {
  const path = `/silentpush/api/v1/merge-api/explore/job/${id}?max_wait=25`;
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-KEY: ${key}\r\n\r\n`;
}

function immutaStatuses(jobs: readonly Claimed[]): string {
  const body = JSON.stringify({ jobIds: jobs.map(({ id }) => id), wait: -1 });
  const head = `POST /immuta/jobs/statuses HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** All holds wait for the same job. */
async function holdsOfOneJob(): Promise<void> {
  const [job] = await startJobs('single', 1);
  if (job === undefined) return;
  const before = reads();
  let completedAt = 0;
  const arrivals = await heldWhile(
    Array.from({ length: COUNT }, () => silentpushRead(job)),
    async () => {
      completedAt = now();
      await complete(job);
    },
  );
  report(
    `Silent Push, ${COUNT} holds of one job`,
    arrivals.map(({ at }) => at - completedAt),
    reads() - before,
  );
}

/** One hold per job; the jobs are completed in `waves`, each in one turn, the next when the one before is stored. */
async function holdsOfOwnJobs(waves: number): Promise<void> {
  const jobs = await startJobs('single');
  const before = reads();
  const completedAt: number[] = [];
  const size = Math.ceil(COUNT / waves);
  const arrivals = await heldWhile(jobs.map(silentpushRead), async () => {
    for (let from = 0; from < COUNT; from += size) {
      const done = jobs.slice(from, from + size).map((job) => {
        completedAt.push(now());
        return complete(job);
      });
      await Promise.all(done);
    }
  });
  const delays = arrivals.map(({ at }, index) => at - (completedAt[index] ?? 0));
  report(`Silent Push, ${COUNT} holds of a job each, completed in ${waves} waves`, delays, reads() - before);
}

/** Few requests that wait for all jobs without end. */
async function waitsForMany(): Promise<void> {
  const jobs = await startJobs('many');
  const before = reads();
  const calls: (readonly Claimed[])[] = [];
  for (let from = 0; from < COUNT; from += limits.idsPerCallMax)
    calls.push(jobs.slice(from, from + limits.idsPerCallMax));
  let lastAt = 0;
  const arrivals = await heldWhile(calls.map(immutaStatuses), async () => {
    const done = jobs.map((job) => {
      lastAt = now();
      return complete(job);
    });
    await Promise.all(done);
  });
  const delays = arrivals.map(({ at }) => at - lastAt);
  report(`Immuta, ${COUNT} ids in ${calls.length} calls with wait: -1, completed in a turn`, delays, reads() - before);
}

console.log(`Node ${process.version}; times from the completing call to the first byte at the client`);
try {
  for (let round = 1; round <= ROUNDS; round += 1) {
    console.log(`round ${round}`);
    await holdsOfOneJob();
    await holdsOfOwnJobs(COUNT);
    await holdsOfOwnJobs(20);
    await holdsOfOwnJobs(1);
    await waitsForMany();
  }
} finally {
  await engine.stop({ drainMs: 0 });
  await server.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
}
