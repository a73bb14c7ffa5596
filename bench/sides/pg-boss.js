/**
 * pg-boss. `default`: one job per fetch, a fetch every two seconds, as `work()` does without options. `outcomes` and `batched`: as fast as
 * its options make it, four fetchers of batches of 100 and no pause while batches come full; the first settles each job by itself with a
 * result of its own (`perJobResults`), the second all jobs of a batch together. (One job per fetch cannot do without the pause: 24 fetchers
 * at the shortest interval, half a second, take 48 jobs a second.)
 */
import { PgBoss } from 'pg-boss';

const QUEUE = 'noop';
const FILL_BATCH = 1_000;
const BATCHES = { batchSize: 100, localConcurrency: 4, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
const OPTIONS = { default: {}, outcomes: { ...BATCHES, perJobResults: true }, batched: BATCHES };

export async function open({ url }, mode) {
  const boss = new PgBoss({ connectionString: url, max: 10, supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE);
  let handled = () => {};
  let ran = () => {};
  let n = 0;
  return {
    async fill(jobs) {
      for (let from = 0; from < jobs; from += FILL_BATCH) {
        const count = Math.min(FILL_BATCH, jobs - from);
        await boss.insert(
          QUEUE,
          Array.from({ length: count }, (_, at) => ({ data: { n: from + at } })),
        );
      }
    },
    async work(whenHandled) {
      handled = whenHandled;
      await boss.work(QUEUE, OPTIONS[mode], async (jobs) => {
        for (const _ of jobs) handled();
        ran();
        return mode === 'outcomes' ? jobs.map(({ id }) => ({ id, status: 'completed', output: null })) : null;
      });
    },
    async unfinished() {
      const { rows } = await boss
        .getDb()
        .executeSql(`SELECT count(*)::int AS jobs FROM pgboss.job WHERE state < 'completed'`);
      return rows[0].jobs;
    },
    async submit() {
      n += 1;
      await boss.send(QUEUE, { n });
    },
    /** Until the handler runs: there is no way to wait for an outcome. */
    async roundTrip() {
      const done = new Promise((resolve) => {
        ran = resolve;
      });
      n += 1;
      await boss.send(QUEUE, { n });
      await done;
    },
    close: () => boss.stop({ graceful: false }),
  };
}
