/** Bide as a contender of `bench/postgres.ts`, over the same protocol as its peers. */
import { DEFAULT_LIMITS } from '../src/core/limits.ts';
import type { Attempt, Handler, JobType } from '../src/engine/api.ts';
import { createEngine, type RunningEngine } from '../src/engine/index.ts';
import type { Store } from '../src/store/contract.ts';
import { openPostgres } from '../src/store/postgres/index.ts';
// @ts-expect-error Plain JavaScript, shared with the peers, which have packages of their own.
import { contend } from './peers/contender.js';

const TENANT = 'default';
const TYPE = 'noop';
/** Jobs at once in the one worker. The peers' own: 24 for graphile-worker, 400 for pg-boss. */
const SLOTS = Number(process.env.SLOTS ?? 200);
const RESULT = { contentType: 'application/json', bytes: new TextEncoder().encode('null') };

async function open(
  url: string,
  runsJobs: boolean,
  run: () => void = () => {},
): Promise<{ store: Store; engine: RunningEngine }> {
  const store = await openPostgres({ url });
  await store.migrate();
  const handler: Handler = {
    kind: 'function',
    async run(_: Attempt) {
      run();
      return { kind: 'succeeded', result: RESULT };
    },
  };
  const type: JobType = {
    name: TYPE,
    handler,
    slots: SLOTS,
    defaults: { timeoutMs: null, retainMs: null, retry: {} },
    checkInput: (input) => ({ kind: 'valid', input }),
  };
  const engine = createEngine({
    store,
    types: [type],
    limits: DEFAULT_LIMITS,
    workerName: `bench-${process.pid}`,
    runsJobs,
  });
  await engine.start();
  return { store, engine };
}

async function close({ store, engine }: { store: Store; engine: RunningEngine }): Promise<void> {
  await engine.stop();
  await store.close();
}

await contend({
  async fill(url: string, jobs: number) {
    const bide = await open(url, false);
    for (let from = 0; from < jobs; from += 1_000) {
      const count = Math.min(1_000, jobs - from);
      await bide.engine.submit(
        Array.from({ length: count }, (_, n) => ({ tenant: TENANT, type: TYPE, input: { n: from + n } })),
      );
    }
    await close(bide);
  },

  async burn(url: string, _mode: string, done: () => void) {
    const bide = await open(url, true, done);
    return () => close(bide);
  },

  unfinished: `SELECT count(*)::int AS jobs FROM bide.jobs WHERE state IN ('waiting', 'running')`,

  async submitter(url: string) {
    const bide = await open(url, false);
    let n = 0;
    return {
      submit: () => bide.engine.submit([{ tenant: TENANT, type: TYPE, input: { n: n++ }, idempotencyKey: null }]),
      close: () => close(bide),
    };
  },
});
