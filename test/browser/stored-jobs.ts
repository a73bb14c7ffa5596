/**
 * Many jobs in a data folder before its server starts, written as an import writes them: of three types and four states, with tags, in
 * batches. A hundred thousand take some seconds, by the API they would take minutes.
 */
import { uuidv7 } from 'uuidv7';
import { openMigratedStore } from '../../src/app/open-store.ts';
import { type Job, jobOf } from '../../src/core/job.ts';
import type { StoreRecord } from '../../src/store/contract.ts';

const BATCH = 2_000;
const DAY_MS = 86_400_000;
const TYPES = ['echo', 'sleep', 'certificates'] as const;
const RESULT = { contentType: 'application/json', bytes: new TextEncoder().encode('null') };
const ERROR = { code: 'HANDLER_FAILED', message: 'The disk is full', details: null };

/** One of ten has failed, one of twenty was cancelled, the others succeeded; they came evenly over the last day. */
export async function storeJobs(dataFolder: string, count: number): Promise<void> {
  const store = await openMigratedStore({ dataFolder });
  const until = Date.now() - 60_000;
  try {
    for (let from = 1; from <= count; from += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, count + 1 - from) }, (_, at) => from + at);
      await store.restore(numbers.map((number) => recordOf(number, until - ((count - number) * DAY_MS) / count)));
    }
  } finally {
    await store.close();
  }
}

function recordOf(number: number, at: number): StoreRecord {
  const job = finishedJob(number, Math.floor(at));
  return { kind: 'job', job, input: `{"n":${number}}`, result: job.result === null ? null : RESULT, logs: [] };
}

function finishedJob(number: number, createdAt: number): Job {
  const state = number % 10 === 0 ? 'failed' : number % 20 === 1 ? 'cancelled' : 'succeeded';
  const spec = {
    ...{ id: uuidv7(), tenant: 'default', type: TYPES[number % TYPES.length] ?? 'echo', priority: 0, runAt: createdAt },
    tags: { team: number % 20 < 10 ? 'blue' : 'red', customer: `c${number % 997}` },
    retry: { attempts: 1, backoffMs: 1_000, factor: 2, maxMs: 60_000 },
    ...{ timeoutMs: 3_600_000, deadlineMs: null, sequenceKey: null, createdAt, retainMs: 7 * DAY_MS },
    ...{ idempotencyKey: null, requestHash: null, callbackUrl: null, origin: null, terms: null },
  };
  return {
    ...jobOf(spec, number),
    ...{ state, attempt: 1, fence: 1, revision: 3, startedAt: createdAt, finishedAt: createdAt + (number % 4_000) },
    error: state === 'failed' ? ERROR : null,
    result: state === 'succeeded' ? { contentType: RESULT.contentType, bytes: RESULT.bytes.byteLength } : null,
  };
}
