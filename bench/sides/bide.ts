/** Bide as a library, in the process that calls: `openBide` on a data folder, or on PostgreSQL where there is a URL. */
import { type Bide, defineConfig, type JobsOf, openBide } from '../../src/index.ts';
import type { OpenSide } from './side.ts';

const TENANT = 'default';
const FILL_BATCH = 1_000;
/** How many jobs of the type run at once: `best` as the guide to sizing has it for functions that do not wait, `default` as a config without a word. */
const SLOTS: Readonly<Record<string, number>> = { best: 200, default: 10 };

export const open: OpenSide = async ({ folder, url }, mode) => {
  // Loaded before time begins, as the peers are: from these sources it is TypeScript, whose types Node first has to strip.
  await (url === null ? import('../../src/store/sqlite/index.ts') : import('../../src/store/postgres/index.ts'));
  let handled = () => {};
  const run = () => {
    handled();
    return null;
  };
  const config = defineConfig({ types: { noop: { slots: SLOTS[mode] ?? 10, run } } });
  const place = { data: folder, ...(url === null ? {} : { database: url }) };
  let opened: Promise<Bide<JobsOf<typeof config>>> | null = null;
  /** With a worker only where `work` comes first: what is submitted before it only waits. */
  const bide = (runsJobs = false) => {
    opened ??= openBide(config, { ...place, runsJobs });
    return opened;
  };
  let n = 0;
  const submit = async () => {
    n += 1;
    return (await bide()).submit('noop', { n });
  };
  return {
    async fill(jobs) {
      const { engine } = await bide();
      for (let from = 0; from < jobs; from += FILL_BATCH) {
        const numbers = Array.from({ length: Math.min(FILL_BATCH, jobs - from) }, (_, at) => from + at);
        await engine.submit(numbers.map((number) => ({ tenant: TENANT, type: 'noop', input: { n: number } })));
      }
    },
    async work(whenHandled) {
      handled = whenHandled;
      await bide(true);
    },
    async unfinished() {
      const { engine } = await bide();
      const counts = await engine.count({ tenant: TENANT, states: ['waiting', 'running'] });
      return counts.reduce((sum, { count }) => sum + count, 0);
    },
    async submit() {
      await submit();
    },
    async roundTrip() {
      const { id } = await submit();
      await (await bide()).wait(id);
    },
    close: async () => (await bide()).close(),
  };
};
