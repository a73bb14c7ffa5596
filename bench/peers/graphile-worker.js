/** graphile-worker as a contender of `bench/postgres.ts`: see `contender.js` for what each function is asked. */
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { contend } from './contender.js';

const TASK = 'noop';
const CONCURRENCY = 24;
const logger = new Logger(() => () => {});

const PRESETS = {
  default: {},
  /** Its own settings for throughput: jobs are fetched ahead by the hundreds, completions collected. */
  batched: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
};

await contend({
  async fill(url, jobs) {
    const utils = await makeWorkerUtils({ connectionString: url, logger });
    await utils.migrate();
    await utils.withPgClient((client) =>
      client.query(
        `SELECT graphile_worker.add_jobs(array(
           SELECT json_populate_record(null::graphile_worker.job_spec,
             json_build_object('identifier', $2::text, 'payload', json_build_object('n', n)))
           FROM generate_series(1, $1::int) AS g(n)))`,
        [jobs, TASK],
      ),
    );
    await utils.release();
  },

  async burn(url, mode, done) {
    const runner = await run({
      connectionString: url,
      logger,
      concurrency: CONCURRENCY,
      maxPoolSize: CONCURRENCY + 2,
      pollInterval: 500,
      noHandleSignals: true,
      taskList: { [TASK]: () => void done() },
      preset: PRESETS[mode],
    });
    return () => runner.stop();
  },

  unfinished: 'SELECT count(*)::int AS jobs FROM graphile_worker.jobs',

  async submitter(url) {
    const utils = await makeWorkerUtils({ connectionString: url, logger, maxPoolSize: 10 });
    await utils.migrate();
    let n = 0;
    return { submit: () => utils.addJob(TASK, { n: n++ }), close: () => utils.release() };
  },
});
