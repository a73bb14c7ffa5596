/** A group whose server, over a data folder, is killed again and again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { JOBS, proveGroup } from './group-proof.ts';

test(`a group of ${JOBS} jobs whose server is killed again and again ends once, with every job counted`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-group-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const seen = await proveGroup({ data: join(folder, 'data'), folder, args: [] });
  t.diagnostic(`ended at each start: ${seen.join(', ')}`);
});
