/**
 * What the store costs on top of its database: jobs inserted, claimed and finished, on the same disk and the same schema.
 *
 * raw        prepared statements on one connection, no thread, a transaction per 100 jobs
 * store      the same through `Store` in batches of 100, a few calls in flight
 * callers    64 callers with one job per call, as HTTP requests come in
 *
 * `node bench/store-sqlite.ts [jobs]`. Rates of one run compare; across runs the disk makes ±40 %.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { uuidv7 } from 'uuidv7';
import type { JobSpec } from '../src/core/job.ts';
import type { ClaimedJob, GuardedPatch, NewJob, Store } from '../src/store/contract.ts';
import { openSqlite } from '../src/store/sqlite/index.ts';

const BATCH = 100;
const IN_FLIGHT = 4;
const CALLERS = 64;
const RESULT = { contentType: 'application/json', bytes: new TextEncoder().encode('null') };
const META = { contentType: RESULT.contentType, bytes: RESULT.bytes.byteLength };

interface Rates {
  readonly insert: number;
  readonly claim: number;
  readonly finish: number;
  /** Jobs per second through all three. */
  readonly all: number;
}

const { positionals } = parseArgs({ allowPositionals: true });
const jobs = Number(positionals[0] ?? 20_000);

const rows: Record<string, Record<string, number>> = {};
let raw: Rates | null = null;
for (const [name, run] of Object.entries({ raw: runRaw, store: runStore, callers: runCallers })) {
  const rates = await inFolder(run);
  raw ??= rates;
  rows[name] = { ...rates, 'all / raw': Number((rates.all / raw.all).toFixed(2)) };
}
console.log(`${jobs} jobs, synchronous=FULL, rates per second`);
console.table(rows);

async function inFolder(run: (folder: string) => Promise<Rates>): Promise<Rates> {
  const folder = mkdtempSync(join(tmpdir(), 'bide-bench-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same tables and the writes that cannot be left out: job, input, tenant's claim, result. */
async function runRaw(folder: string): Promise<Rates> {
  await (await migrated(folder)).close();
  const database = new DatabaseSync(join(folder, 'bide.db'));
  database.exec('PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000');
  const statements = prepareRaw(database);
  const batches = batchesOf(newJobs());
  let number = 0;
  const insert = timed(() => {
    for (const batch of batches) {
      transaction(database, () => {
        for (const item of batch) statements.insert(++number, item);
      });
    }
  });
  const claimed: (readonly number[])[] = [];
  const claim = timed(() => {
    for (const _ of batches) transaction(database, () => claimed.push(statements.claim()));
  });
  const finish = timed(() => {
    for (const numbers of claimed) transaction(database, () => numbers.forEach(statements.finish));
  });
  database.close();
  return ratesOf(insert, claim, finish);
}

function prepareRaw(database: DatabaseSync) {
  const job = database.prepare(`INSERT INTO jobs (number, id, tenant, type, state, priority, run_at, blocked, percent,
    attempt, fence, revision, created_at, retain_ms, retry) VALUES (?, ?, ?, ?, 'waiting', ?, ?, 0, 0, 0, 0, 1, ?, ?, ?)`);
  const input = database.prepare('INSERT INTO job_inputs VALUES (?, ?)');
  const claim = database.prepare(`UPDATE jobs SET state = 'running', fence = fence + 1, attempt = attempt + 1,
    revision = revision + 1, lease_until = ?1, worker = 'w', started_at = ?2 WHERE number IN (SELECT number FROM jobs
    WHERE state = 'waiting' AND blocked = 0 AND type = 'echo' AND priority = 0 AND run_at <= ?2
    ORDER BY run_at, number LIMIT ${BATCH}) RETURNING *, (SELECT input FROM job_inputs i WHERE i.number = jobs.number)`);
  claim.setReturnArrays(true);
  const finish =
    database.prepare(`UPDATE jobs SET state = 'succeeded', lease_until = NULL, worker = NULL, finished_at = ?,
    percent = 100, result_type = ?, result_bytes = ?, revision = revision + 1 WHERE number = ? AND state = 'running'`);
  const result = database.prepare('INSERT INTO job_results VALUES (?, ?, ?)');
  const retry = JSON.stringify(specOf().retry);
  return {
    insert(number: number, { spec, input: text }: NewJob) {
      const { id, tenant, type, priority, runAt, createdAt, retainMs } = spec;
      job.run(number, id, tenant, type, priority, runAt, createdAt, retainMs, retry);
      input.run(number, text);
    },
    claim(): readonly number[] {
      const now = Date.now();
      return (claim.all(now + 30_000, now) as unknown as readonly (readonly number[])[]).map((row) => Number(row[0]));
    },
    finish(number: number) {
      finish.run(Date.now(), RESULT.contentType, META.bytes, number);
      result.run(number, RESULT.contentType, RESULT.bytes);
    },
  };
}

function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  work();
  database.exec('COMMIT');
}

async function runStore(folder: string): Promise<Rates> {
  const store = await migrated(folder);
  const batches = batchesOf(newJobs());
  const insert = await timedAsync(() => inLanes(IN_FLIGHT, batches, (batch) => store.insert(batch)));
  const claimed: (readonly ClaimedJob[])[] = [];
  const claim = await timedAsync(() =>
    inLanes(IN_FLIGHT, batches, async () => claimed.push(await claimSome(store, BATCH))),
  );
  const finish = await timedAsync(() => inLanes(IN_FLIGHT, claimed, (lot) => store.apply(lot.map(finishOf))));
  await store.close();
  return ratesOf(insert, claim, finish);
}

async function runCallers(folder: string): Promise<Rates> {
  const store = await migrated(folder);
  const insert = await timedAsync(() => inLanes(CALLERS, newJobs(), (item) => store.insert([item])));
  const claimed: ClaimedJob[] = [];
  const claim = await timedAsync(() =>
    inLanes(CALLERS, newJobs(), async () => claimed.push(...(await claimSome(store, 1)))),
  );
  const finish = await timedAsync(() => inLanes(CALLERS, claimed, (job) => store.apply([finishOf(job)])));
  await store.close();
  return ratesOf(insert, claim, finish);
}

async function migrated(folder: string): Promise<Store> {
  const store = await openSqlite({ folder });
  await store.migrate();
  return store;
}

function claimSome(store: Store, max: number): Promise<readonly ClaimedJob[]> {
  return store.claim({
    wants: [{ type: 'echo', max }],
    max,
    tenant: null,
    worker: 'w',
    leaseMs: 30_000,
    now: Date.now(),
  });
}

function finishOf({ job }: ClaimedJob): GuardedPatch {
  return {
    id: job.id,
    expect: { states: ['running'], fence: job.fence },
    patch: {
      state: 'succeeded',
      leaseUntil: null,
      worker: null,
      finishedAt: Date.now(),
      progress: { percent: 100, message: null },
      error: null,
      result: META,
    },
    result: RESULT,
  };
}

function specOf(): JobSpec {
  const now = Date.now();
  return {
    id: uuidv7(),
    tenant: 'default',
    type: 'echo',
    priority: 0,
    runAt: now,
    tags: {},
    retry: { attempts: 3, backoffMs: 1_000, factor: 2, maxMs: 60_000 },
    timeoutMs: null,
    deadlineMs: null,
    sequenceKey: null,
    createdAt: now,
    retainMs: 604_800_000,
    idempotencyKey: null,
    requestHash: null,
    callbackUrl: null,
    origin: null,
  };
}

function newJobs(): readonly NewJob[] {
  return Array.from({ length: jobs }, () => ({ spec: specOf(), input: '{"hello":"world"}' }));
}

function batchesOf(items: readonly NewJob[]): readonly (readonly NewJob[])[] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, index) =>
    items.slice(index * BATCH, (index + 1) * BATCH),
  );
}

/** `lanes` at once, each taking the next item as soon as its last one is done. */
async function inLanes<T>(lanes: number, items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

async function timedAsync(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function ratesOf(insertMs: number, claimMs: number, finishMs: number): Rates {
  const rate = (ms: number) => Math.round((jobs / ms) * 1_000);
  return {
    insert: rate(insertMs),
    claim: rate(claimMs),
    finish: rate(finishMs),
    all: rate(insertMs + claimMs + finishMs),
  };
}
