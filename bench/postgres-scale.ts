/**
 * Whether the PostgreSQL store stays as fast as it began: claims and status reads with 1,000, 100,000 and 1,000,000 jobs
 * stored and as many waiting, and what 500,000 jobs leave behind in tables and indexes.
 *
 * `node bench/postgres-scale.ts [--sizes 1000,100000,1000000] [--through 500000]`. Brings its own server, durable as in production.
 */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { JobSpec } from '../src/core/job.ts';
import type { Store } from '../src/store/contract.ts';
import { openPostgres } from '../src/store/postgres/index.ts';
import { startTestServer } from '../test/postgres/server.ts';

const ROUNDS = 300;
const WARM_UP = 20;
const CLAIMED = 10;
const BATCH = 500;
const TYPE = 'noop';
const TENANT = 'default';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,100000,1000000' },
    through: { type: 'string', default: '500000' },
  },
});

// Half a million jobs pass within a minute here, and the server looks for what to vacuum once a minute by default.
const SETTINGS = { max_wal_size: '4GB', shared_buffers: '1GB', autovacuum_naptime: '5s' };

/** A store with so many jobs finished and as many waiting. */
interface Stage {
  readonly size: number;
  readonly store: Store;
  readonly client: pg.Client;
  readonly ids: readonly string[];
  readonly times: {
    readonly claim: number[];
    readonly read: number[];
    readonly list: number[];
    readonly count: number[];
  };
}

const server = await startTestServer({ settings: SETTINGS });
const stages: Stage[] = [];
try {
  for (const size of values.sizes.split(',').map(Number)) stages.push(await stageOf(size));
  // Round by round over all sizes: whatever else the machine does meets each of them alike.
  for (let round = -WARM_UP; round < ROUNDS; round += 1) for (const stage of stages) await measure(stage, round);
  console.log('Milliseconds per call with so many jobs finished and as many waiting');
  console.table(Object.fromEntries(stages.map((stage) => [stage.size.toLocaleString('en'), summaryOf(stage)])));
  if (Number(values.through) > 0) await measureThrough(Number(values.through));
} finally {
  for (const { store, client } of stages) await Promise.all([store.close(), client.end()]);
  await server.end();
}

async function openStage(): Promise<Pick<Stage, 'store' | 'client'>> {
  const url = await server.createDatabase();
  const store = await openPostgres({ url });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await store.migrate();
  return { store, client };
}

async function stageOf(size: number): Promise<Stage> {
  const { store, client } = await openStage();
  await fill(client, size, 'finished');
  await fill(client, size, 'waiting');
  await client.query('VACUUM ANALYZE bide.jobs, bide.waiting, bide.finished');
  const ids = await someIds(client);
  return { size, store, client, ids, times: { claim: [], read: [], list: [], count: [] } };
}

/** One call of each kind. What was claimed is given back, so that the store stays as large as it says. */
async function measure({ store, ids, times }: Stage, round: number): Promise<void> {
  const note = (into: number[], ms: number) => void (round >= 0 && into.push(ms));
  const claimed: Claimed[] = [];
  note(times.claim, await msOf(async () => void claimed.push(...(await claimSome(store, CLAIMED)))));
  if (claimed.length !== CLAIMED) throw new Error(`${claimed.length} of ${CLAIMED} jobs claimed.`);
  await release(store, claimed);
  const id = ids[(round + WARM_UP) % ids.length] ?? '';
  note(times.read, await msOf(async () => void (await store.read([{ id }]))));
  if (round % 6 === 0) note(times.list, await msOf(async () => void (await store.list({ tenant: TENANT, limit: 50 }))));
  if (round % 60 !== 0) return;
  const states = ['waiting', 'running'] as const;
  note(times.count, await msOf(async () => void (await store.count({ tenant: null, states }))));
}

function summaryOf({ times }: Stage): Record<string, number> {
  const at = (all: number[], share: number) =>
    Number((all.toSorted((a, b) => a - b)[Math.floor(all.length * share)] ?? 0).toFixed(2));
  return {
    'claim 10 p50': at(times.claim, 0.5),
    'claim 10 p99': at(times.claim, 0.99),
    'read 1 p50': at(times.read, 0.5),
    'read 1 p99': at(times.read, 0.99),
    'list 50 p50': at(times.list, 0.5),
    'count unfinished p50': at(times.count, 0.5),
  };
}

async function msOf(run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/** Straight into the tables: what the store would write, at ten times the speed. */
async function fill(client: pg.Client, size: number, room: 'waiting' | 'finished'): Promise<void> {
  const [own, cells] =
    room === 'waiting'
      ? ['priority, blocked', 'priority, false']
      : ['state, started_at, finished_at, retain_until', `'succeeded', created_at, created_at, created_at + retain_ms`];
  await client.query(
    `WITH added AS (
       INSERT INTO bide.jobs (id, number, tenant, type, priority, created_at, retain_ms, timeout_ms, retry, input)
       SELECT gen_random_uuid(), nextval('bide.job_numbers'), $2, $3, n % 3, $4::bigint - 1000000 + n, 604800000, 3600000,
         '{"attempts":3,"backoffMs":1000,"factor":2,"maxMs":60000}', '{"n":1,"text":"a small input"}'
       FROM generate_series(1, $1::int) AS g(n) RETURNING *)
     INSERT INTO bide.${room} (number, tenant, type, created_at, run_at, attempt, fence, revision, percent, ${own})
     SELECT number, tenant, type, created_at, created_at, 0, 0, 1, 0, ${cells} FROM added`,
    [size, TENANT, TYPE, Date.now() - 1_000_000],
  );
  await client.query(
    `INSERT INTO bide.job_count_changes (tenant, type, state, jobs, bytes) VALUES ($1, $2, $3, $4, 30 * $4::bigint)`,
    [TENANT, TYPE, room === 'waiting' ? 'waiting' : 'succeeded', size],
  );
}

async function someIds(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM bide.jobs ORDER BY random() LIMIT 1000');
  return rows.map(({ id }) => id);
}

interface Claimed {
  readonly job: { readonly id: string; readonly fence: number; readonly attempt: number };
}

async function claimSome(store: Store, max: number): Promise<readonly Claimed[]> {
  return store.claim({
    wants: [{ type: TYPE, max }],
    max,
    tenant: null,
    worker: 'bench',
    leaseMs: 600_000,
    now: Date.now(),
  });
}

async function release(store: Store, claimed: readonly Claimed[]): Promise<void> {
  const patch = { state: 'waiting', leaseUntil: null, worker: null } as const;
  await store.apply(
    claimed.map(({ job }) => ({
      id: job.id,
      expect: { states: ['running'], fence: job.fence },
      patch: { ...patch, attempt: job.attempt - 1 },
    })),
  );
}

/** Jobs that come, run and are removed, as in a month of a busy service within a minute; then what is left of them. */
async function measureThrough(count: number): Promise<void> {
  const { store, client } = await openStage();
  try {
    const startedAt = performance.now();
    const claimMs: number[] = [];
    let before = 0;
    for (let done = 0; done < count; done += BATCH) {
      claimMs.push(await passThrough(store));
      if (done === BATCH * 20) before = await sizeOf(client);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    console.log(
      `${count} jobs inserted, claimed, finished and removed in ${seconds.toFixed(0)} s (batches of ${BATCH}, one by one)`,
    );
    const tenth = Math.ceil(claimMs.length / 10);
    const middle = (all: readonly number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]?.toFixed(1);
    console.log(
      `claim of ${BATCH}: p50 ${middle(claimMs.slice(0, tenth))} ms in the first tenth, ${middle(claimMs.slice(-tenth))} ms in the last`,
    );
    console.log(
      `claim indexes: ${before} bytes after ${BATCH * 20} jobs, ${await sizeOf(client)} bytes after ${count}`,
    );
    console.log('as the last job leaves it');
    console.table(await leftOvers(client));
    await client.query('VACUUM bide.jobs, bide.waiting, bide.running, bide.finished, bide.tombstones');
    console.log('after the next vacuum');
    console.table(await leftOvers(client));
  } finally {
    await Promise.all([store.close(), client.end()]);
  }
}

async function leftOvers(client: pg.Client): Promise<readonly Record<string, unknown>[]> {
  await client.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT relname AS table, n_live_tup::int AS live, n_dead_tup::int AS dead, autovacuum_count::int AS autovacuums,
       pg_size_pretty(pg_table_size(relid)) AS size, pg_size_pretty(pg_indexes_size(relid)) AS indexes
     FROM pg_stat_user_tables WHERE schemaname = 'bide' ORDER BY pg_total_relation_size(relid) DESC LIMIT 5`,
  );
  return rows;
}

async function sizeOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ size: string }>(
    `SELECT sum(pg_relation_size(oid)) AS size FROM pg_class WHERE relname IN ('waiting_by_claim_order', 'waiting_by_tenant_claim_order')`,
  );
  return Number(rows[0]?.size);
}

/** Milliseconds that the claim took. */
async function passThrough(store: Store): Promise<number> {
  await store.insert(Array.from({ length: BATCH }, () => ({ spec: specOf(), input: '{"n":1}' })));
  const claimed: Claimed[] = [];
  const claimMs = await msOf(async () => void claimed.push(...(await claimSome(store, BATCH))));
  const now = Date.now();
  const result = { contentType: 'application/json', bytes: Buffer.from('42') };
  await store.apply(
    claimed.map(({ job }) => ({
      id: job.id,
      expect: { states: ['running'], fence: job.fence },
      patch: {
        state: 'succeeded',
        leaseUntil: null,
        worker: null,
        finishedAt: now,
        progress: { percent: 100, message: null },
        result: { contentType: result.contentType, bytes: result.bytes.byteLength },
      },
      result,
    })),
  );
  await store.remove(claimed.map(({ job }) => ({ id: job.id, revision: 3, now, goneUntil: now })));
  return claimMs;
}

function specOf(): JobSpec {
  const now = Date.now();
  return {
    id: uuidv7(),
    tenant: TENANT,
    type: TYPE,
    priority: 0,
    runAt: now,
    tags: {},
    retry: { attempts: 3, backoffMs: 1_000, factor: 2, maxMs: 60_000 },
    timeoutMs: 3_600_000,
    deadlineMs: null,
    sequenceKey: null,
    createdAt: now,
    retainMs: 0,
    idempotencyKey: null,
    requestHash: null,
    callbackUrl: null,
    origin: null,
  };
}
