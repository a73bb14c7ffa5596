/** Signals whose server, over a data folder, is killed between a signal and its run: see `signal-proof.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { JOBS, proveSignals } from './signal-proof.ts';

test(`${JOBS} parked jobs of a handler thread go on with their signals, though their server is killed between signal and run`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-signal-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const args: readonly string[] = [];
  const answered = await proveSignals({ folder: join(folder, 'signals'), args });
  t.diagnostic(`${answered} of ${JOBS} signals were answered before the last kill`);
});
