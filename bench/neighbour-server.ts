/**
 * The server of `neighbour.ts`, in a process of its own: the native API and all dialects over a fresh SQLite store, with jobs of two tenants.
 * Prints one line of JSON, a `Scene`, and ends when its stdin does; each line that it is sent is answered with its memory in MB.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DEFAULT_LIMITS } from '../src/core/limits.ts';
import { dialects } from '../src/dialects/index.ts';
import { createNativeDialect } from '../src/dialects/native/index.ts';
import type { JobType } from '../src/engine/api.ts';
import { createEngine } from '../src/engine/index.ts';
import { createAuthenticator } from '../src/http/auth.ts';
import type { Dialect } from '../src/http/dialect.ts';
import { createHolds } from '../src/http/hold.ts';
import { createKeys } from '../src/http/keys.ts';
import { createLogger } from '../src/http/log.ts';
import { createServer, type Mount } from '../src/http/server.ts';
import { openSqlite } from '../src/store/sqlite/index.ts';

export interface Scene {
  readonly port: number;
  readonly pid: number;
  readonly keys: { readonly good: string; readonly bad: string };
  /** A finished job of the good tenant. */
  readonly good: string;
  readonly bad: {
    /** Finished, with results of 60 kB. */
    readonly large: readonly string[];
    /** Finished, with 16 MB. */
    readonly huge: string;
    /** Waiting. */
    readonly waiting: readonly string[];
    /** Running: who has the fence may report progress. */
    readonly live: { readonly id: string; readonly fence: number };
  };
}

const never = new AbortController().signal;
const TYPES = ['task', 'parked', 'echo', 'sql', 'certificates'];
const remote = (name: string): JobType => ({
  ...{ name, handler: 'remote', slots: 1, defaults: { timeoutMs: null, retainMs: null, retry: {} } },
  checkInput: (input) => ({ kind: 'valid', input }),
});

const folder = await mkdtemp(join(tmpdir(), 'bide-neighbour-'));
const store = await openSqlite({ folder });
await store.migrate();
const limits = DEFAULT_LIMITS;
const engine = createEngine({ store, limits, workerName: 'bench', runsJobs: false, types: TYPES.map(remote) });
await engine.start();
const auth = createAuthenticator({ store, clock: engine.clock, limits });
const keyAdmin = createKeys({ store, clock: engine.clock });
const native = createNativeDialect({ version: '0.0.0', keys: keyAdmin, hasDocs: false });
const server = await createServer({
  ...{ engine, auth, documents: store, logger: createLogger('silent'), publicUrl: null },
  holds: createHolds({ limits, draining: engine.draining, clock: engine.clock }),
  dialects: [
    { dialect: native as Dialect, options: null, at: { kind: 'root' } },
    ...dialects.map((dialect): Mount => {
      return { dialect, options: dialect.playground, at: { kind: 'prefix', prefix: `/${dialect.name}` } };
    }),
  ],
  dialectsFolder: join(folder, 'dialects'),
});
const url = await server.listen({ host: '127.0.0.1', port: 0 });

async function keyOf(tenant: string): Promise<string> {
  return (await keyAdmin.create({ tenant, name: 'bench', scopes: ['submit', 'read', 'work'] })).key;
}

async function submitted(tenant: string, type: string, count: number): Promise<string[]> {
  const outcomes = await engine.submit(Array.from({ length: count }, () => ({ tenant, type })));
  return outcomes.flatMap((outcome) => (outcome.kind === 'created' ? [outcome.snapshot.job.id] : []));
}

async function claimed(tenant: string) {
  const request = { tenant, types: ['task'], max: 100, leaseMs: limits.leaseMsMax, worker: 'bench' };
  const outcome = await engine.workClaim({ ...request, timeoutMs: 0, signal: never });
  return outcome.kind === 'claimed' ? outcome.jobs.map(({ job }) => job) : [];
}

async function finished(tenant: string, count: number, bytes: number): Promise<string[]> {
  const ids = await submitted(tenant, 'task', count);
  const result = { contentType: 'application/json', bytes: Buffer.from(`"${'x'.repeat(bytes - 2)}"`) };
  for (let jobs = await claimed(tenant); jobs.length > 0; jobs = await claimed(tenant)) {
    await Promise.all(jobs.map(({ id, fence }) => engine.workSucceed({ tenant, id, fence, result })));
  }
  return ids;
}

const large = await finished('bad', 500, 60_000);
const [huge = ''] = await finished('bad', 1, 16 * 1_024 * 1_024);
const waiting = await submitted('bad', 'parked', 1_000);
await submitted('bad', 'task', 1);
const [live] = await claimed('bad');
const [good = ''] = await finished('good', 1, 20);
const scene: Scene = {
  port: Number(new URL(url).port),
  pid: process.pid,
  keys: { good: await keyOf('good'), bad: await keyOf('bad') },
  good,
  bad: { large, huge, waiting, live: { id: live?.id ?? '', fence: live?.fence ?? 0 } },
};
process.stdout.write(`${JSON.stringify(scene)}\n`);
const lines = createInterface({ input: process.stdin });
lines.on('line', () => process.stdout.write(`${Math.round(process.memoryUsage().rss / 1e6)}\n`));
lines.on('close', async () => {
  // What a benchmark leaves to be drained is nobody's.
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
});
