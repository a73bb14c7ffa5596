/** Signals whose node, over PostgreSQL, is killed between a signal and its run: see `signal-proof.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestServer } from '../postgres/server.ts';
import { JOBS, proveSignals } from './signal-proof.ts';

test(`${JOBS} parked jobs of a handler thread go on with their signals, though their node is killed between signal and run`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-signal-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await startTestServer();
  t.after(() => postgres.end());
  const args = ['--database', await postgres.createDatabase()];
  const answered = await proveSignals({ folder: join(folder, 'signals'), args });
  t.diagnostic(`${answered} of ${JOBS} signals were answered before the last kill`);
});
