/**
 * graphile-worker. `default`: `run()` without options but its task, one job at a time. `batched`: the settings for throughput of its page on
 * performance, 24 jobs at once, jobs fetched ahead by the hundreds, completions collected.
 */
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';

const TASK = 'noop';
const CONCURRENCY = 24;
const logger = new Logger(() => () => {});
const OPTIONS = {
  default: {},
  batched: {
    concurrency: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 1,
    preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  },
};

export async function open({ url }, mode) {
  const utils = await makeWorkerUtils({ connectionString: url, logger, maxPoolSize: 10 });
  await utils.migrate();
  const look = new pg.Client({ connectionString: url });
  await look.connect();
  let runner = null;
  let ran = () => {};
  let n = 0;
  return {
    async fill(jobs) {
      await utils.withPgClient((client) =>
        client.query(
          `SELECT graphile_worker.add_jobs(array(
             SELECT json_populate_record(null::graphile_worker.job_spec,
               json_build_object('identifier', $2::text, 'payload', json_build_object('n', n)))
             FROM generate_series(1, $1::int) AS g(n)))`,
          [jobs, TASK],
        ),
      );
    },
    async work(handled) {
      const task = () => {
        handled();
        ran();
      };
      const basics = { connectionString: url, logger, noHandleSignals: true, taskList: { [TASK]: task } };
      runner = await run({ ...basics, ...OPTIONS[mode] });
    },
    async unfinished() {
      const { rows } = await look.query('SELECT count(*)::int AS jobs FROM graphile_worker.jobs');
      return rows[0].jobs;
    },
    async submit() {
      n += 1;
      await utils.addJob(TASK, { n });
    },
    /** Until the handler runs: its jobs have no outcome that one could wait for. */
    async roundTrip() {
      const done = new Promise((resolve) => {
        ran = resolve;
      });
      n += 1;
      await utils.addJob(TASK, { n });
      await done;
    },
    async close() {
      await runner?.stop();
      await utils.release();
      await look.end();
    },
  };
}
