/**
 * bunqueue inside of a Bun process, on a SQLite file. `default`: as it comes, a worker with one job at a time, jobs acknowledged from a buffer
 * that is written every 10 ms. `best`: 64 jobs at once in batches of 100, held pulls. `durable`: the same, and each job is written before it is acknowledged.
 */
import { join } from 'node:path';

const QUEUE = 'noop';
const FILL_BATCH = 1_000;
const FAST = { concurrency: 64, batchSize: 100, pollTimeout: 5_000 };
const OPTIONS = { default: {}, best: FAST, durable: FAST };

export async function open({ folder }, mode) {
  const { Queue, QueueEvents, Worker } = await import('bunqueue/client');
  const base = { embedded: true, dataPath: join(folder, 'queue.db') };
  const queue = new Queue(QUEUE, base);
  const jobOptions = mode === 'durable' ? { durable: true } : {};
  let worker = null;
  let events = null;
  let n = 0;
  return {
    async fill(jobs) {
      for (let from = 0; from < jobs; from += FILL_BATCH) {
        const count = Math.min(FILL_BATCH, jobs - from);
        await queue.addBulk(
          Array.from({ length: count }, (_, at) => ({ name: QUEUE, data: { n: from + at }, opts: { durable: true } })),
        );
      }
    },
    async work(handled) {
      worker = new Worker(QUEUE, async () => void handled(), { ...base, ...OPTIONS[mode] });
    },
    async unfinished() {
      const { waiting, active, delayed } = await queue.getJobCountsAsync();
      return waiting + active + delayed;
    },
    async submit() {
      n += 1;
      await queue.add(QUEUE, { n }, jobOptions);
    },
    async roundTrip() {
      events ??= new QueueEvents(QUEUE, base);
      n += 1;
      const job = await queue.add(QUEUE, { n }, jobOptions);
      await job.waitUntilFinished(events, 30_000);
    },
    async close() {
      await worker?.close();
      await queue.close();
    },
  };
}
