/** Kinetica's paged statements on SQLite: every row once, also when the server is another one between two pages. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBide } from '../process/bide-command.ts';
import { CONFIG_URL, GROUPS, pagedRows } from './paged-statement.ts';

const data = mkdtempSync(join(tmpdir(), 'bide-pages-'));
after(() => rmSync(data, { recursive: true, force: true }));

async function serve() {
  const running = startBide(['serve', '--port', '0', '--data', data, '--config', fileURLToPath(CONFIG_URL)]);
  const said = await running.said(/listening on \S+\n/);
  const end = () => {
    running.child.kill('SIGTERM');
    return running.ended;
  };
  return { url: /listening on (\S+)/.exec(said)?.[1] ?? '', end };
}

test('a statement without an order that is paged gives every row once, with a paging table and without', async () => {
  const before = await serve();
  const key = readFileSync(join(data, 'admin.key'), 'utf8').trim();
  const every = { total: GROUPS, distinct: GROUPS };
  assert.deepEqual(await pagedRows([before.url], key, { paging_table: 'p1', query_parameters: 'null' }), every);
  assert.deepEqual(await pagedRows([before.url], key, {}), every);
  await before.end();
  const restarted = await serve();
  try {
    assert.deepEqual(await pagedRows([restarted.url], key, { paging_table: 'p1' }), every);
  } finally {
    await restarted.end();
  }
});
