/** One key of three places, and one type, on PostgreSQL, on three nodes of which one is killed: see `limit-proof.ts`. 300 jobs, or 5,000 in the full run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestServer } from '../postgres/server.ts';
import { JOBS, PLACES, proveLimit, proveTypeLimit } from './limit-proof.ts';

test(`never do ${PLACES + 1} of ${JOBS} jobs of one key run at once on three nodes, and all end though one is killed`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-limit-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await startTestServer();
  t.after(() => postgres.end());
  const seen = await proveLimit({ folder, args: ['--database', await postgres.createDatabase()] });
  const { plain, keyed, killed } = seen;
  t.diagnostic(
    `at most ${keyed.peak} at once, jobs by node ${keyed.byNode.join(', ')}; ${keyed.rate.toFixed(0)} jobs/s, ` +
      `${plain.rate.toFixed(0)} in ${PLACES} slots without a key: ratio ${(keyed.rate / plain.rate).toFixed(2)}`,
  );
  t.diagnostic(
    `with a node killed: at most ${killed.peak} at once, all ended; begun twice: ${killed.again}; ` +
      `the lost job began again after ${killed.lostMs} ms`,
  );
});

test(`never do ${PLACES + 1} of ${JOBS} jobs of a type that is limited as a whole run at once, and all end though a node is killed`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-type-limit-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await startTestServer();
  t.after(() => postgres.end());
  const { peak, byNode, again, lostMs } = await proveTypeLimit({
    folder,
    args: ['--database', await postgres.createDatabase()],
  });
  assert.equal(peak, PLACES);
  t.diagnostic(
    `at most ${peak} at once, jobs by node ${byNode.join(', ')}; begun twice: ${again}; the lost job began again after ${lostMs} ms`,
  );
});
