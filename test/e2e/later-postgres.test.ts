/** `RetryLater` in a handler thread of a server over PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestServer } from '../postgres/server.ts';
import { proveLater } from './later-proof.ts';

test('a job that says "later" in a thread closes its key for that long, over PostgreSQL too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-later-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await startTestServer({ isDurable: false });
  t.after(() => postgres.end());
  await proveLater(join(folder, 'server'), ['--database', await postgres.createDatabase()]);
});
