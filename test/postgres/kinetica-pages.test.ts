/** Kinetica's paged statements on PostgreSQL: every row once, when each page is asked of the other of two nodes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CONFIG_URL, GROUPS, pagedRows } from '../e2e/paged-statement.ts';
import { startCluster } from './cluster.ts';
import { startTestServer, type TestServer } from './server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(() => server.end());

test('a statement without an order that is paged at two nodes gives every row once', async () => {
  const config = `export { default } from ${JSON.stringify(CONFIG_URL.href)};`;
  await using cluster = await startCluster({ database: await server.createDatabase(), nodes: 2, workers: 2, config });
  const nodes = cluster.nodes.map(({ url }) => url);
  const every = { total: GROUPS, distinct: GROUPS };
  assert.deepEqual(await pagedRows(nodes, cluster.key, { paging_table: 'p1' }), every);
  assert.deepEqual(await pagedRows(nodes, cluster.key, {}), every);
});
