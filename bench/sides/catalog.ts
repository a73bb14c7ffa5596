/**
 * Every side of the benchmark, with the settings and the durability that the report names. A peer is there twice: as it comes, and as fast as
 * its own documentation makes it. What the settings are is written in the side's file; here is what readers should know of them.
 */

/** What a side needs to be running; `redisAlways` is a Redis that syncs every write. */
export type Service = 'postgres' | 'redis' | 'redisAlways';

export interface SideFacts {
  readonly name: string;
  /** Beside this file. */
  readonly file: string;
  readonly mode: string;
  readonly runtime: 'node' | 'bun';
  readonly needs: Service | null;
  /** Of `bench/package.json`; null for Bide and for what needs none. */
  readonly package: string | null;
  readonly settings: string;
  readonly durability: string;
  readonly takesPart: readonly ('s1' | 's2' | 's3')[];
  /** How many jobs or calls it is given as a share of the others', where those would take minutes. */
  readonly shares?: Readonly<Partial<Record<'s1' | 's2' | 's3', number>>>;
  /** Left out of quick runs. */
  readonly isForFull?: boolean;
}

const OWN = { runtime: 'node', package: null, file: './bide.ts' } as const;
const PG_BOSS = { runtime: 'node', needs: 'postgres', package: 'pg-boss', file: './pg-boss.js' } as const;
const GRAPHILE = {
  runtime: 'node',
  needs: 'postgres',
  package: 'graphile-worker',
  file: './graphile-worker.js',
} as const;
const BULLMQ = { runtime: 'node', package: 'bullmq', file: './bullmq.js' } as const;
const BUNQUEUE = { runtime: 'bun', needs: null, package: 'bunqueue', file: './bunqueue.js' } as const;
const PLAINJOB = { runtime: 'node', needs: null, package: 'plainjob', file: './plainjob.js' } as const;
const PLATFORMATIC = {
  runtime: 'node',
  needs: 'redis',
  package: '@platformatic/job-queue',
  file: './platformatic.js',
} as const;

const SYNCED_SQLITE = 'fsync before each acknowledgement (WAL, synchronous=FULL)';
const LAZY_SQLITE = 'survives a crash of the process, not of the machine (WAL, synchronous=NORMAL)';
const SYNCED_POSTGRES = 'fsync before each acknowledgement (fsync and synchronous_commit on)';
const LAZY_REDIS =
  'none until the next snapshot (Redis as it comes: save 3600 1 300 100 60 10000, no append-only file)';

export const SIDES: readonly SideFacts[] = [
  {
    name: 'stage tables, raw SQLite',
    file: './stage-tables.ts',
    mode: 'best',
    runtime: 'node',
    needs: null,
    package: null,
    settings: 'prepared statements, one connection, transactions of 100; a reference, no queue',
    durability: SYNCED_SQLITE,
    takesPart: ['s1'],
  },
  {
    ...OWN,
    name: 'Bide, SQLite',
    mode: 'best',
    needs: null,
    settings: 'library, `slots: 200`',
    durability: SYNCED_SQLITE,
    takesPart: ['s1', 's2', 's3'],
  },
  {
    ...OWN,
    name: 'Bide, SQLite, defaults',
    mode: 'default',
    needs: null,
    settings: 'library, no option (10 jobs of a type at once)',
    durability: SYNCED_SQLITE,
    takesPart: ['s1'],
    isForFull: true,
  },
  {
    ...PLAINJOB,
    name: 'plainjob, defaults',
    mode: 'default',
    settings: 'better-sqlite3; one job at a time is all there is; looks for jobs once a second when idle',
    durability: LAZY_SQLITE,
    takesPart: ['s1', 's2', 's3'],
    shares: { s1: 0.5, s3: 0.05 },
    isForFull: true,
  },
  {
    ...PLAINJOB,
    name: 'plainjob, FULL',
    mode: 'full',
    settings: 'the same with synchronous=FULL',
    durability: SYNCED_SQLITE,
    takesPart: ['s1', 's2'],
    shares: { s1: 0.1, s2: 0.1 },
  },
  {
    ...BUNQUEUE,
    name: 'bunqueue, defaults',
    mode: 'default',
    settings: 'embedded in Bun, one job at a time',
    durability: 'acknowledged from memory, written every 10 ms or 100 jobs (WAL, synchronous=NORMAL)',
    takesPart: ['s1', 's2', 's3'],
    shares: { s1: 0.25 },
    isForFull: true,
  },
  {
    ...BUNQUEUE,
    name: 'bunqueue, best',
    mode: 'best',
    settings:
      'embedded in Bun, `concurrency: 64, batchSize: 100, pollTimeout: 5000` (bunqueue.dev/guide/worker/concurrency and /options)',
    durability: 'acknowledged from memory, written every 10 ms or 100 jobs (WAL, synchronous=NORMAL)',
    takesPart: ['s1', 's3'],
    shares: { s1: 0.25 },
  },
  {
    ...BUNQUEUE,
    name: 'bunqueue, durable',
    mode: 'durable',
    settings: 'embedded in Bun, jobs with `durable: true`',
    durability: `written before it is acknowledged; ${LAZY_SQLITE}`,
    takesPart: ['s2'],
  },
  {
    ...BULLMQ,
    name: 'BullMQ, Redis, defaults',
    mode: 'default',
    needs: 'redis',
    settings: 'one job at a time',
    durability: LAZY_REDIS,
    takesPart: ['s1', 's2', 's3'],
    shares: { s1: 0.5 },
    isForFull: true,
  },
  {
    ...BULLMQ,
    name: 'BullMQ, Redis, best',
    mode: 'best',
    needs: 'redis',
    settings: '`concurrency: 100` (docs.bullmq.io/guide/workers/concurrency)',
    durability: LAZY_REDIS,
    takesPart: ['s1'],
  },
  {
    ...BULLMQ,
    name: 'BullMQ, Redis, fsync',
    mode: 'best',
    needs: 'redisAlways',
    settings: '`concurrency: 100`',
    durability: 'fsync before each acknowledgement (appendonly yes, appendfsync always)',
    takesPart: ['s1', 's2', 's3'],
    shares: { s1: 0.5 },
  },
  {
    ...PLATFORMATIC,
    name: '@platformatic/job-queue, defaults',
    mode: 'default',
    settings: 'Redis storage, one job at a time',
    durability: LAZY_REDIS,
    takesPart: ['s1', 's2', 's3'],
    shares: { s1: 0.25 },
    isForFull: true,
  },
  {
    ...PLATFORMATIC,
    name: '@platformatic/job-queue, best',
    mode: 'best',
    settings: 'Redis storage, `concurrency: 64`',
    durability: LAZY_REDIS,
    takesPart: ['s1'],
    shares: { s1: 0.5 },
  },
  {
    ...OWN,
    name: 'Bide, PostgreSQL',
    mode: 'best',
    needs: 'postgres',
    settings: 'library, `slots: 200`',
    durability: SYNCED_POSTGRES,
    takesPart: ['s1', 's2', 's3'],
  },
  {
    ...OWN,
    name: 'Bide, PostgreSQL, defaults',
    mode: 'default',
    needs: 'postgres',
    settings: 'library, no option (10 jobs of a type at once)',
    durability: SYNCED_POSTGRES,
    takesPart: ['s1'],
    shares: { s1: 0.5 },
    isForFull: true,
  },
  {
    ...PG_BOSS,
    name: 'pg-boss, defaults',
    mode: 'default',
    settings: '`work()` without options: one job every two seconds',
    durability: SYNCED_POSTGRES,
    takesPart: ['s1', 's2'],
    shares: { s1: 0.000_2 },
    isForFull: true,
  },
  {
    ...PG_BOSS,
    name: 'pg-boss, outcome per job',
    mode: 'outcomes',
    settings:
      '`batchSize: 100, localConcurrency: 4, burstWhenBatchFull, pollingIntervalSeconds: 0.5, perJobResults` (pg-boss docs, api/workers)',
    durability: SYNCED_POSTGRES,
    takesPart: ['s1', 's3'],
    shares: { s3: 0.05 },
  },
  {
    ...PG_BOSS,
    name: 'pg-boss, batched',
    mode: 'batched',
    settings: 'the same without `perJobResults`: a batch succeeds or fails as one',
    durability: SYNCED_POSTGRES,
    takesPart: ['s1'],
    isForFull: true,
  },
  {
    ...GRAPHILE,
    name: 'graphile-worker, defaults',
    mode: 'default',
    settings: '`run()` without options: one job at a time',
    durability: SYNCED_POSTGRES,
    takesPart: ['s1', 's2', 's3'],
    shares: { s1: 0.1, s2: 0.2 },
    isForFull: true,
  },
  {
    ...GRAPHILE,
    name: 'graphile-worker, batched',
    mode: 'batched',
    settings:
      '`concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0` (worker.graphile.org/docs/performance)',
    durability: `${SYNCED_POSTGRES}; finished jobs are deleted, without an outcome`,
    takesPart: ['s1'],
  },
];

/** The sides of the scenarios over HTTP, started as servers. */
export const SERVERS = {
  bareFastify: {
    name: 'bare Fastify',
    settings: 'a route that answers a constant body of the same size; a reference, no queue',
    durability: 'none',
  },
  poolQuery: {
    name: 'Fastify + one pool.query',
    settings: 'a route that reads one row by its key through `pg.Pool` (10 connections) and answers it; a reference',
    durability: 'reads only',
  },
  bideSqlite: {
    name: 'Bide, SQLite, HTTP',
    settings: '`bide serve`, no option but the folder',
    durability: SYNCED_SQLITE,
  },
  bidePostgres: {
    name: 'Bide, PostgreSQL, HTTP',
    settings: '`bide serve --database`, no other option',
    durability: SYNCED_POSTGRES,
  },
  bunqueue: {
    name: 'bunqueue, HTTP',
    settings: '`bunqueue start`, jobs with `durable: true`, its limit of 10,000 requests a minute lifted',
    durability: `written before it is acknowledged; ${LAZY_SQLITE}`,
  },
} as const;
