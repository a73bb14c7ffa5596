/** `RetryLater` in a handler thread of a server over a data folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { proveLater } from './later-proof.ts';

test('a job that says "later" in a thread closes its key for that long, and uses no attempt', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-later-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await proveLater(join(folder, 'server'), []);
});
