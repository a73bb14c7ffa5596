/**
 * Fills an empty store with jobs as an import does, by `Store.restore` in batches: finished ones of the type `noop`, then waiting ones of `parcel`,
 * which no server takes up by itself. Run as `fill-store.ts JOBS PLACE` in a process of its own; prints `{"ids","finishedBytes"}`.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { openMigratedStore } from '../../src/app/open-store.ts';
import { type Job, jobOf } from '../../src/core/job.ts';
import type { Store, StoreRecord } from '../../src/store/contract.ts';
import { queryOnce } from '../../test/postgres/server.ts';
import type { BidePlace } from './start-server.ts';

const BATCH = 1_000;
/** Batches under way at once: while one is written the next is made. */
const LANES = 2;
const IDS = 1_000;
const RESULT = { contentType: 'application/json', bytes: new TextEncoder().encode('null') };
const RETAIN_MS = 7 * 86_400_000;

export interface Filled {
  /** Some of the jobs, finished and waiting alike. */
  readonly ids: readonly string[];
  /** By how much the database has grown per finished job, without its input and result. */
  readonly finishedBytes: number;
}

export const FILLED_TYPES = { finished: 'noop', waiting: 'parcel' } as const;

const inputOf = (number: number) => `{"n":${number}}`;

function waitingJob(number: number): Job {
  const now = Date.now();
  return jobOf(
    {
      id: uuidv7(),
      tenant: 'default',
      type: FILLED_TYPES.waiting,
      priority: 0,
      runAt: now,
      tags: {},
      retry: { attempts: 3, backoffMs: 1_000, factor: 2, maxMs: 60_000 },
      timeoutMs: 3_600_000,
      deadlineMs: null,
      sequenceKey: null,
      createdAt: now,
      retainMs: RETAIN_MS,
      idempotencyKey: null,
      requestHash: null,
      callbackUrl: null,
      origin: null,
      terms: null,
    },
    number,
  );
}

function finishedJob(number: number): Job {
  const job = waitingJob(number);
  const { createdAt } = job;
  return {
    ...job,
    type: FILLED_TYPES.finished,
    state: 'succeeded',
    attempt: 1,
    fence: 1,
    revision: 3,
    startedAt: createdAt,
    finishedAt: createdAt,
    progress: { percent: 100, message: null },
    result: { contentType: RESULT.contentType, bytes: RESULT.bytes.byteLength },
  };
}

function recordOf(job: Job): StoreRecord {
  const result = job.result === null ? null : RESULT;
  return { kind: 'job', job, input: inputOf(job.number), result, logs: [] };
}

/** Jobs of the numbers `from` to `to`, made batch by batch; returns some of their ids. */
async function restore(
  store: Store,
  [from, to]: readonly [number, number],
  make: (number: number) => Job,
): Promise<string[]> {
  const ids: string[] = [];
  const every = Math.max(1, Math.floor((to - from + 1) / (IDS / 2)));
  let next = from;
  const lane = async () => {
    while (next <= to) {
      const first = next;
      next = Math.min(to + 1, first + BATCH);
      const jobs = Array.from({ length: next - first }, (_, at) => make(first + at));
      ids.push(...jobs.filter(({ number }) => number % every === 0).map(({ id }) => id));
      const outcomes = await store.restore(jobs.map(recordOf));
      if (outcomes.some((outcome) => outcome !== 'written')) throw new Error('Error: a job was not written.');
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return ids;
}

/** Of a database at rest. */
export async function databaseBytes({ folder, url }: BidePlace): Promise<number> {
  if (url === null) return statSync(join(folder, 'data', 'bide.db')).size;
  const [row] = await queryOnce(url, 'SELECT pg_database_size(current_database()) AS bytes');
  return Number(row?.bytes);
}

async function inStore<T>({ folder, url }: BidePlace, work: (store: Store) => Promise<T>): Promise<T> {
  const database = url === null ? {} : { database: { url } };
  const store = await openMigratedStore({ dataFolder: join(folder, 'data'), ...database });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function fill(jobs: number, place: BidePlace): Promise<Filled> {
  await inStore(place, async () => {});
  const before = await databaseBytes(place);
  const finished = await inStore(place, (store) => restore(store, [1, jobs], finishedJob));
  const grown = (await databaseBytes(place)) - before;
  const waiting = await inStore(place, (store) => restore(store, [jobs + 1, 2 * jobs], waitingJob));
  if (place.url !== null) await queryOnce(place.url, 'VACUUM ANALYZE');
  const own = inputOf(jobs).length + RESULT.bytes.byteLength;
  return { ids: [...finished, ...waiting], finishedBytes: grown / jobs - own };
}

if (import.meta.main) {
  const [jobs, place = '{}'] = process.argv.slice(2);
  console.log(JSON.stringify(await fill(Number(jobs), JSON.parse(place) as BidePlace)));
}
