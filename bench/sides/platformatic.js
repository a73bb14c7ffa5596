/** @platformatic/job-queue on Redis, which its documentation names for production. `default`: one job at a time. `best`: 64 at once. */
import { randomUUID } from 'node:crypto';
import { Queue, RedisStorage } from '@platformatic/job-queue';

const CONCURRENCY = { default: 1, best: 64 };
/** Submits in flight while filling: there is no call for many. */
const FILL_LANES = 64;
const WAIT_MS = 30_000;

export async function open({ url }, mode) {
  const queue = new Queue({ storage: new RedisStorage({ url }), concurrency: CONCURRENCY[mode] });
  queue.on('error', (error) => console.error(error));
  await queue.start();
  let running = 0;
  const submit = () => queue.enqueue(randomUUID(), { n: 1 });
  return {
    async fill(jobs) {
      let left = jobs;
      const lane = async () => {
        while (left > 0) {
          left -= 1;
          await submit();
        }
      };
      await Promise.all(Array.from({ length: FILL_LANES }, lane));
    },
    async work(handled) {
      queue.on('completed', () => {
        running -= 1;
      });
      queue.execute(async () => {
        running += 1;
        handled();
        // Whoever waits for a result of null waits for ever.
        return { ok: true };
      });
    },
    /** It counts no jobs by state, but says `completed` once a result is stored. */
    unfinished: async () => running,
    async submit() {
      await submit();
    },
    async roundTrip() {
      await queue.enqueueAndWait(randomUUID(), { n: 1 }, { timeout: WAIT_MS });
    },
    close: () => queue.stop(),
  };
}
