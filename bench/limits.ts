/**
 * `npx node bench/limits.ts [jobs] [keys] [stores]`: what jobs behind full keys cost a claim. 1,000,000 jobs wait behind 1,000 keys whose one place is taken (or as many as
 * are asked for), and jobs without a key come after them. Prints how long the claim of one of those takes, in a store with the crowd and in one without, in turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../src/store/contract.ts';
import { newJob } from '../src/store/contract-suite/fixtures.ts';
import { openPostgres } from '../src/store/postgres/index.ts';
import { openSqlite } from '../src/store/sqlite/index.ts';
import { startTestServer } from '../test/postgres/server.ts';

const JOBS = Number(process.argv[2] ?? 1_000_000);
const KEYS = Number(process.argv[3] ?? 1_000);
const STORES = (process.argv[4] ?? 'SQLite,PostgreSQL').split(',');
const FILL_BATCH = 5_000;
const SAMPLES = 300;
/** Their first claims also pay for plans and caches. */
const WARM = 30;
const OF = { tenant: 'crowd', type: 'work' };
const CLAIM = { wants: [{ type: OF.type, max: 1 }], max: 1, tenant: null, worker: 'bench', leaseMs: 3_600_000 };

/** Each key has one job that runs, and the rest behind it. */
async function crowd(store: Store): Promise<void> {
  const began = performance.now();
  for (let from = 0; from < JOBS; from += FILL_BATCH) {
    const size = Math.min(FILL_BATCH, JOBS - from);
    const limitOf = (index: number) => ({ limit: { key: `key-${(from + index) % KEYS}`, concurrency: 1 } });
    await store.insert(Array.from({ length: size }, (_, index) => newJob(OF, { terms: limitOf(index) })));
  }
  const filledMs = performance.now() - began;
  const now = Date.now();
  let running = 0;
  for (let got = -1; got !== 0; running += got)
    got = (await store.claim({ ...CLAIM, wants: [{ type: OF.type, max: 500 }], max: 500, now })).length;
  if (running !== Math.min(KEYS, JOBS)) throw new Error(`${running} run of ${KEYS} keys with one place each.`);
  console.log(`  ${JOBS} jobs of ${KEYS} keys in ${(filledMs / 1_000).toFixed(0)} s, ${running} of them run`);
}

/** How long the claim of one job takes, ms. */
async function claimMs(store: Store): Promise<number> {
  const from = performance.now();
  const claimed = await store.claim({ ...CLAIM, now: Date.now() });
  const ms = performance.now() - from;
  if (claimed.length !== 1 || claimed[0]?.job.terms !== null) throw new Error('The claim took something else.');
  return ms;
}

const at = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] as number;

async function compare(name: string, open: () => Promise<Store>): Promise<void> {
  const [empty, full] = [await open(), await open()];
  await crowd(full);
  const times: [number[], number[]] = [[], []];
  for (const store of [empty, full])
    await store.insert(Array.from({ length: SAMPLES + WARM }, () => newJob(OF, { runAt: Date.now() })));
  for (let sample = 0; sample < SAMPLES + WARM; sample += 1) {
    // Who comes second finds the disk and the processor in another state: each does every other time.
    for (const index of sample % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const ms = await claimMs(index === 0 ? empty : full);
      if (sample >= WARM) times[index].push(ms);
    }
  }
  const [without, behind] = times;
  const line = (values: readonly number[]) =>
    `p50 ${at(values, 0.5).toFixed(2)} ms, p95 ${at(values, 0.95).toFixed(2)}`;
  const ratio = at(behind, 0.5) / at(without, 0.5);
  console.log(`${name}: a claim without them ${line(without)}; with them ${line(behind)}; ratio ${ratio.toFixed(2)}`);
  for (const store of [empty, full]) await store.close();
}

const folder = mkdtempSync(join(tmpdir(), 'bide-limits-'));
const server = STORES.includes('PostgreSQL') ? await startTestServer({ isDurable: true }) : null;
const migrated = async (store: Store) => {
  await store.migrate();
  return store;
};
try {
  const opens: Readonly<Record<string, () => Promise<Store>>> = {
    SQLite: async () => migrated(await openSqlite({ folder: mkdtempSync(join(folder, 'data-')) })),
    PostgreSQL: async () => migrated(await openPostgres({ url: (await server?.createDatabase()) ?? '' })),
  };
  for (const name of STORES) await compare(name, opens[name] as () => Promise<Store>);
} finally {
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
