/** pg-boss as a contender of `bench/postgres.ts`: see `contender.js` for what each function is asked. */
import { PgBoss } from 'pg-boss';
import { contend } from './contender.js';

const QUEUE = 'noop';
/**
 * As fast as its own options make it: batches, several fetchers, no pause while batches come full. (One job per fetch, its
 * default, cannot do without the pause: 24 fetchers at the shortest interval take 48 jobs a second.)
 */
const BATCHED = { batchSize: 100, localConcurrency: 4, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };

const MODES = {
  /** Each job has an outcome and a result of its own, as in the other contenders. */
  default: { ...BATCHED, perJobResults: true },
  /** The jobs of a batch succeed or fail together. */
  batched: BATCHED,
};

async function open(url) {
  const boss = new PgBoss({ connectionString: url, max: 10, supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE);
  return boss;
}

await contend({
  async fill(url, jobs) {
    const boss = await open(url);
    for (let from = 0; from < jobs; from += 1_000) {
      const count = Math.min(1_000, jobs - from);
      await boss.insert(
        QUEUE,
        Array.from({ length: count }, (_, index) => ({ data: { n: from + index } })),
      );
    }
    await boss.stop({ graceful: false });
  },

  async burn(url, mode, done) {
    const boss = await open(url);
    await boss.work(QUEUE, MODES[mode], async (jobs) => {
      for (const _ of jobs) done();
      return mode === 'batched' ? null : jobs.map(({ id }) => ({ id, status: 'completed', output: null }));
    });
    return () => boss.stop({ graceful: true, timeout: 10_000 });
  },

  unfinished: `SELECT count(*)::int AS jobs FROM pgboss.job WHERE state < 'completed'`,

  async submitter(url) {
    const boss = await open(url);
    let n = 0;
    return { submit: () => boss.send(QUEUE, { n: n++ }), close: () => boss.stop({ graceful: false }) };
  },
});
