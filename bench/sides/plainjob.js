/**
 * plainjob on better-sqlite3: one job at a time, as its worker is made. `default`: synchronous=NORMAL, which its queue sets by itself; `full`:
 * synchronous=FULL set after it, so that what it says is stored survives a power cut, as with Bide.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { better, defineQueue, defineWorker, JobStatus } from 'plainjob';

const TYPE = 'noop';
const FILL_BATCH = 1_000;
const logger = { error: console.error, warn() {}, info() {}, debug() {} };

export async function open({ folder }, mode) {
  const database = new Database(join(folder, 'queue.db'));
  const queue = defineQueue({ connection: better(database), logger });
  if (mode === 'full') database.pragma('synchronous = FULL');
  let worker = null;
  let ran = () => {};
  let n = 0;
  return {
    async fill(jobs) {
      for (let from = 0; from < jobs; from += FILL_BATCH) {
        const count = Math.min(FILL_BATCH, jobs - from);
        queue.addMany(
          TYPE,
          Array.from({ length: count }, (_, at) => ({ n: from + at })),
        );
      }
    },
    async work(handled) {
      worker = defineWorker(TYPE, async () => void handled(), { queue, logger, onCompleted: () => ran() });
      void worker.start();
    },
    unfinished: async () =>
      queue.countJobs({ status: JobStatus.Pending }) + queue.countJobs({ status: JobStatus.Processing }),
    async submit() {
      n += 1;
      queue.add(TYPE, { n });
    },
    /** Until it ran: its jobs have no results. */
    async roundTrip() {
      const done = new Promise((resolve) => {
        ran = resolve;
      });
      n += 1;
      queue.add(TYPE, { n });
      await done;
    },
    async close() {
      await worker?.stop();
      queue.close();
    },
  };
}
