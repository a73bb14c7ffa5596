/**
 * `npx node bench/large-group.ts [SQLite|PostgreSQL] [members]`: a group of 100,000 jobs (unless told) from its creation to what it submits at its end. Prints how long its
 * members took to be added and to end, and the most memory that the process had meanwhile.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, openBide } from '../src/index.ts';
import { startTestServer } from '../test/postgres/server.ts';

const STORE = process.argv[2] ?? 'SQLite';
const MEMBERS = Number(process.argv[3] ?? 100_000);
const BATCH = 1_000;
const LOOK_MS = 100;

const config = defineConfig({ types: { echo: { slots: 64, run: (input: unknown) => input } } });
const folder = mkdtempSync(join(tmpdir(), 'bide-large-group-'));
const server = STORE === 'PostgreSQL' ? await startTestServer({ isDurable: true }) : null;
let bytesMax = 0;
const look = setInterval(() => {
  bytesMax = Math.max(bytesMax, process.memoryUsage.rss());
}, LOOK_MS);

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const answer = await work();
  const seconds = ((performance.now() - from) / 1_000).toFixed(1);
  console.log(`${STORE}: ${what} in ${seconds} s; at most ${Math.round(bytesMax / 2 ** 20)} MiB so far`);
  return answer;
}

try {
  const place = { data: join(folder, 'data'), ...(server === null ? {} : { database: await server.createDatabase() }) };
  const bide = await openBide(config, place);
  const { id } = await bide.groups.create({ isOpen: true, onSuccess: { type: 'echo' } });
  await timed(`${MEMBERS} members added`, async () => {
    for (let from = 0; from < MEMBERS; from += BATCH) {
      const jobs = Array.from({ length: Math.min(BATCH, MEMBERS - from) }, (_, n) => ({
        type: 'echo',
        input: from + n,
      }));
      await bide.groups.add(id, { jobs });
    }
    await bide.groups.close(id);
  });
  const group = await timed('the last of them ended', () => bide.groups.wait(id));
  assert.deepEqual([group.counts.succeeded, group.outcome], [MEMBERS, 'succeeded']);
  assert.equal(typeof group.onSuccess?.jobId, 'string');
  await bide.close();
} finally {
  clearInterval(look);
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
}
