/** Jobs that come after others, in a data folder whose server is killed again and again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { JOBS, proveAfter } from './after-proof.ts';

for (const shape of ['chain', 'fan'] as const) {
  test(`a ${shape} of ${JOBS} jobs whose server is killed again and again ends, in its order`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bide-after-kill-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const { begun, ms } = await proveAfter({ folder: join(folder, shape), args: [], shape });
    t.diagnostic(`begun at each kill: ${begun.join(', ')}; ${ms} ms from the first to the last`);
  });
}
