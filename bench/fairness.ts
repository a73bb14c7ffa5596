/**
 * `npx node bench/fairness.ts [jobs]`: what a flood of one tenant does to another. One tenant has 200,000 jobs waiting (or as many as are asked for) and all slots are
 * busy; the other submits one job at a time. Prints how long its jobs wait from the submit to their start, on both stores, and beside that the claim of an empty queue.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineConfig, openBide } from '../src/index.ts';
import { startTestServer } from '../test/postgres/server.ts';

const FLOOD = Number(process.argv[2] ?? 200_000);
const FILL_BATCH = 1_000;
const SLOTS = 8;
const RUN_MS = 20;
const SAMPLES = 60;

interface Place {
  readonly data: string;
  readonly database?: string;
}

const startedAt = new Map<number, number>();
const config = defineConfig({
  types: {
    work: {
      slots: SLOTS,
      retainMs: 0,
      async run(input: { readonly sample: number | null }) {
        if (input.sample !== null) startedAt.set(input.sample, performance.now());
        await sleep(RUN_MS);
        return null;
      },
    },
  },
});

async function flood(place: Place): Promise<void> {
  const bide = await openBide(config, { ...place, runsJobs: false });
  const batch = Array.from({ length: FILL_BATCH }, () => ({ tenant: 'flood', type: 'work', input: { sample: null } }));
  for (let jobs = 0; jobs < FLOOD; jobs += FILL_BATCH) await bide.engine.submit(batch);
  await bide.close();
}

/** From the submit to the start, ms, in order. */
async function waits(place: Place): Promise<readonly number[]> {
  startedAt.clear();
  const bide = await openBide(config, { ...place, runsJobs: true });
  await sleep(500);
  const taken: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const from = performance.now();
    await bide.engine.submit([{ tenant: 'other', type: 'work', input: { sample } }]);
    while (!startedAt.has(sample)) await sleep(1);
    taken.push((startedAt.get(sample) as number) - from);
  }
  await bide.close();
  return taken.toSorted((a, b) => a - b);
}

const line = (name: string, times: readonly number[]) => {
  const at = (share: number) =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] as number).toFixed(1);
  console.log(`${name}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms`);
};

const server = await startTestServer({ isDurable: true });
const folder = mkdtempSync(join(tmpdir(), 'bide-fairness-'));
console.log(
  `${FLOOD} jobs of another tenant wait; ${SLOTS} slots of ${RUN_MS} ms: one becomes free every ${RUN_MS / SLOTS} ms on average`,
);
try {
  const places: Readonly<Record<string, () => Promise<Place>>> = {
    SQLite: async () => ({ data: mkdtempSync(join(folder, 'data-')) }),
    PostgreSQL: async () => ({ data: mkdtempSync(join(folder, 'data-')), database: await server.createDatabase() }),
  };
  for (const [name, open] of Object.entries(places)) {
    line(`${name}, nobody else`, await waits(await open()));
    const place = await open();
    await flood(place);
    line(`${name}, behind the flood`, await waits(place));
  }
} finally {
  await server.end();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
