/** BullMQ on Redis. `default`: a worker without options, one job at a time. `best`: 100 jobs at once, as its guide to concurrency advises for jobs that do little. */
import { Queue, QueueEvents, Worker } from 'bullmq';

const QUEUE = 'noop';
const FILL_BATCH = 1_000;
const CONCURRENCY = { default: 1, best: 100 };
const WAIT_MS = 30_000;

export async function open({ url }, mode) {
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue(QUEUE, { connection });
  await queue.waitUntilReady();
  let worker = null;
  let events = null;
  let n = 0;
  return {
    async fill(jobs) {
      for (let from = 0; from < jobs; from += FILL_BATCH) {
        const count = Math.min(FILL_BATCH, jobs - from);
        await queue.addBulk(Array.from({ length: count }, (_, at) => ({ name: QUEUE, data: { n: from + at } })));
      }
    },
    async work(handled) {
      worker = new Worker(QUEUE, async () => void handled(), { connection, concurrency: CONCURRENCY[mode] });
      await worker.waitUntilReady();
    },
    unfinished: () => queue.getJobCountByTypes('waiting', 'active', 'prioritized', 'delayed'),
    async submit() {
      n += 1;
      await queue.add(QUEUE, { n });
    },
    async roundTrip() {
      if (events === null) {
        events = new QueueEvents(QUEUE, { connection });
        await events.waitUntilReady();
      }
      n += 1;
      const job = await queue.add(QUEUE, { n });
      await job.waitUntilFinished(events, WAIT_MS);
    },
    async close() {
      await worker?.close();
      await events?.close();
      await queue.close();
    },
  };
}
