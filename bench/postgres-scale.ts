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

const server = await startTestServer({ settings: { max_wal_size: '4GB', shared_buffers: '1GB' } });
try {
  const rows: Record<string, Record<string, number>> = {};
  for (const size of values.sizes.split(',').map(Number)) rows[size.toLocaleString('en')] = await measureAt(size);
  console.log('Milliseconds per call with so many jobs finished and as many waiting');
  console.table(rows);
  if (Number(values.through) > 0) await measureThrough(Number(values.through));
} finally {
  await server.end();
}

async function withStore<T>(run: (store: Store, client: pg.Client) => Promise<T>): Promise<T> {
  const url = await server.createDatabase();
  const store = await openPostgres({ url });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await store.migrate();
    return await run(store, client);
  } finally {
    await client.end();
    await store.close();
  }
}

async function measureAt(size: number): Promise<Record<string, number>> {
  return withStore(async (store, client) => {
    await fill(client, size, 'succeeded');
    await fill(client, size, 'waiting');
    await client.query('VACUUM ANALYZE bide.jobs');
    const ids = await someIds(client);
    const claim = await percentiles(async () => void (await claimSome(store, CLAIMED)));
    const read = await percentiles(async (round) => void (await store.read([{ id: ids[round % ids.length] ?? '' }])));
    const list = await percentiles(async () => void (await store.list({ tenant: TENANT, limit: 50 })), 50);
    const counted = await percentiles(
      async () => void (await store.count({ tenant: null, states: ['waiting', 'running'] })),
      5,
    );
    return {
      'claim 10 p50': claim.p50,
      'claim 10 p99': claim.p99,
      'read 1 p50': read.p50,
      'read 1 p99': read.p99,
      'list 50 p50': list.p50,
      'count unfinished p50': counted.p50,
    };
  });
}

/** Straight into the table: what the store would write, at ten times the speed. */
async function fill(client: pg.Client, size: number, state: 'waiting' | 'succeeded'): Promise<void> {
  const finished = state === 'succeeded';
  await client.query(
    `INSERT INTO bide.jobs (id, number, tenant, type, state, priority, run_at, attempt, fence, revision, percent, created_at,
       retain_ms, started_at, finished_at, timeout_ms, retry, input)
     SELECT gen_random_uuid(), nextval('bide.job_numbers'), $2, $3, $4, n % 3, $5::bigint - 1000000 + n, 0, 0, 1, 0, $5::bigint,
       604800000, CASE WHEN $6 THEN $5::bigint END, CASE WHEN $6 THEN $5::bigint + n END, 3600000,
       '{"attempts":3,"backoffMs":1000,"factor":2,"maxMs":60000}', '{"n":1,"text":"a small input"}'
     FROM generate_series(1, $1::int) AS g(n)`,
    [size, TENANT, TYPE, state, Date.now() - 1_000_000, finished],
  );
}

async function someIds(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM bide.jobs ORDER BY random() LIMIT 1000');
  return rows.map(({ id }) => id);
}

async function claimSome(
  store: Store,
  max: number,
): Promise<readonly { readonly job: { readonly id: string; readonly fence: number } }[]> {
  return store.claim({
    wants: [{ type: TYPE, max }],
    max,
    tenant: null,
    worker: 'bench',
    leaseMs: 600_000,
    now: Date.now(),
  });
}

async function percentiles(run: (round: number) => Promise<void>, rounds = ROUNDS) {
  for (let round = 0; round < 10; round += 1) await run(round);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    await run(round);
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(2));
  return { p50: at(0.5), p99: at(0.99) };
}

/** Jobs that come, run and are removed, as in a month of a busy service within a minute; then what is left of them. */
async function measureThrough(count: number): Promise<void> {
  await withStore(async (store, client) => {
    const startedAt = performance.now();
    let before = 0;
    for (let done = 0; done < count; done += BATCH) {
      await passThrough(store);
      if (done === BATCH * 20) before = await sizeOf(client);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const { rows } = await client.query(
      `SELECT relname AS table, n_live_tup::int AS live, n_dead_tup::int AS dead, autovacuum_count::int AS vacuums,
         pg_size_pretty(pg_table_size(relid)) AS size, pg_size_pretty(pg_indexes_size(relid)) AS indexes
       FROM pg_stat_user_tables WHERE schemaname = 'bide' ORDER BY pg_total_relation_size(relid) DESC LIMIT 4`,
    );
    const after = await sizeOf(client);
    console.log(
      `${count} jobs inserted, claimed, finished and removed in ${seconds.toFixed(0)} s (batches of ${BATCH}, one by one)`,
    );
    console.log(`claim indexes: ${before} bytes after ${BATCH * 20} jobs, ${after} bytes after ${count}`);
    console.table(rows);
  });
}

async function sizeOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ size: string }>(
    `SELECT sum(pg_relation_size(oid)) AS size FROM pg_class WHERE relname IN ('jobs_by_claim_order', 'jobs_by_tenant_claim_order')`,
  );
  return Number(rows[0]?.size);
}

async function passThrough(store: Store): Promise<void> {
  await store.insert(Array.from({ length: BATCH }, () => ({ spec: specOf(), input: '{"n":1}' })));
  const claimed = await claimSome(store, BATCH);
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
