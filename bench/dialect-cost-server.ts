/** The server behind `dialect-cost.ts`: native and all vendors on one engine, with one finished job. Ends when its stdin does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '../src/core/limits.ts';
import { dialects } from '../src/dialects/index.ts';
import { createNativeDialect } from '../src/dialects/native/index.ts';
import type { JobType } from '../src/engine/api.ts';
import { createEngine } from '../src/engine/index.ts';
import { createAuthenticator } from '../src/http/auth.ts';
import { createHolds } from '../src/http/hold.ts';
import { createKeys } from '../src/http/keys.ts';
import { createLogger } from '../src/http/log.ts';
import { createServer, type Mount } from '../src/http/server.ts';
import { openSqlite } from '../src/store/sqlite/index.ts';

const TENANT = 'default';
const limits = { ...DEFAULT_LIMITS, pollsPerSecondMax: 10_000_000 };

const remote: JobType = {
  name: 'bench',
  handler: 'remote',
  slots: 1,
  defaults: { timeoutMs: null, retainMs: null, retry: {} },
  checkInput: (input) => ({ kind: 'valid', input }),
};

const folder = await mkdtemp(join(tmpdir(), 'bide-bench-'));
const store = await openSqlite({ folder });
await store.migrate();
const engine = createEngine({ store, limits, workerName: 'bench', runsJobs: false, types: [remote] });
await engine.start();
const auth = createAuthenticator({ store, clock: engine.clock, limits });
const { key } = await createKeys({ store, clock: engine.clock }).create({
  tenant: TENANT,
  name: 'bench',
  scopes: ['submit', 'read', 'work'],
});
const principal = await auth.byKey(key);
if (principal === null) throw new Error('The key that was just made is not known.');
const { token } = await auth.issueToken(principal, 3_600_000);

/** One job, run to its end with a result of the usual small size. */
async function finishedJob() {
  const never = new AbortController().signal;
  await engine.submit([{ tenant: TENANT, type: 'bench', input: { report: 'daily' } }]);
  const claim = {
    tenant: TENANT,
    types: ['bench'],
    max: 1,
    leaseMs: 60_000,
    worker: 'bench',
    timeoutMs: 0,
    signal: never,
  };
  const claimed = await engine.workClaim(claim);
  const job = claimed.kind === 'claimed' ? claimed.jobs[0]?.job : undefined;
  if (job === undefined) throw new Error('The job could not be claimed.');
  const bytes = Buffer.from(JSON.stringify({ columns: ['region', 'total'], rows: [['North', 48320.5]], row_count: 1 }));
  const result = { contentType: 'application/json', bytes };
  await engine.workSucceed({ tenant: TENANT, id: job.id, fence: job.fence, result });
  return job;
}

const job = await finishedJob();
/** A dialect that limits requests would be measured refusing them. */
const OPTIONS: Readonly<Record<string, unknown>> = { toolkitapi: { requestsMax: 1_000_000_000 } };
const vendors = dialects.map((dialect): Mount => {
  const parsed = dialect.parseOptions(OPTIONS[dialect.name]);
  if (parsed.kind === 'invalid') throw new Error(`${dialect.name}: ${parsed.message}`);
  return { dialect, options: parsed.options, at: { kind: 'prefix', prefix: `/${dialect.name}` } };
});
const native = createNativeDialect({ version: 'bench', keys: null, hasDocs: false }) as Mount['dialect'];
const server = await createServer({
  engine,
  auth,
  holds: createHolds({ limits, draining: engine.draining, clock: engine.clock }),
  documents: store,
  dialectsFolder: join(folder, 'dialects'),
  logger: createLogger('error'),
  publicUrl: null,
  dialects: [{ dialect: native, options: null, at: { kind: 'root' } }, ...vendors],
});
const url = await server.listen({ host: '127.0.0.1', port: 0 });
const numericId = (await auth.jobIds()).seal(job.number);
const facts = { port: Number(new URL(url).port), pid: process.pid, key, token, id: job.id, numericId };
process.stdout.write(`${JSON.stringify(facts)}\n`);

async function close(): Promise<void> {
  await engine.stop({ drainMs: 0 });
  await server.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
}
process.stdin.resume().on('end', () => void close().then(() => process.exit(0)));
