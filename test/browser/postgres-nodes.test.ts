/** Models a dashboard before several nodes: a round-robin proxy gives each request to another one, and nobody notices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../src/client/index.ts';
import { startCluster } from '../postgres/cluster.ts';
import { startTestServer } from '../postgres/server.ts';
import { openBrowser } from './browser-fixture.ts';
import { startRoundRobin } from './round-robin.ts';

const CONFIG = `
export default {
  limits: { keyCacheMs: 200 },
  types: { nap: async ({ ms }) => { await new Promise((resolve) => setTimeout(resolve, ms)); return 'rested'; } },
};
`;

test('sign-in, live view and pause work on either of two nodes behind a round-robin proxy', async (t) => {
  const server = await startTestServer();
  t.after(() => server.end());
  const database = await server.createDatabase();
  await using cluster = await startCluster({ database, nodes: 2, workers: 1, config: CONFIG });
  const [a = '', b = ''] = cluster.nodes.map(({ url }) => url);
  await using proxy = await startRoundRobin([a, b]);
  await using browser = await openBrowser({ url: proxy.url, key: cluster.key });
  const client = createClient({ url: b, key: cluster.key });

  const page = await browser.visit(`${proxy.url}/dashboard/jobs`);
  await page.getByLabel('API key').fill(cluster.key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  const { id } = await client.submit({ type: 'nap', input: { ms: 500 } });
  await page.getByRole('button', { name: /^1 new/ }).click();
  await page.locator(`tr[data-job="${id}"]`).getByText('succeeded').waitFor();

  await page.goto(`${proxy.url}/dashboard/types/nap`);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('dialog', { name: 'Pause nap?' }).getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
  for (const url of [a, b]) assert.equal((await createClient({ url, key: cluster.key }).type('nap')).paused, true, url);
  const { id: held } = await client.submit({ type: 'nap', input: { ms: 0 } });
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  assert.equal((await client.wait(held)).job.state, 'succeeded');

  // The session of one node is one of the other, whichever was asked to open it.
  for (const [opens, takes] of [
    [a, b],
    [b, a],
  ] as const) {
    const context = await browser.browser.newContext();
    const opened = await context.request.post(`${opens}/dashboard/session`, { data: { key: cluster.key } });
    const { csrf } = (await opened.json()) as { csrf: string };
    const paths = [`${takes}/dashboard/session`, `${takes}/v1/jobs`];
    // Cookies know no ports: both are the same host to a browser.
    for (const path of paths) assert.equal((await context.request.get(path)).status(), 200, path);
    const headers = { 'x-bide-csrf': csrf };
    assert.equal((await context.request.post(`${takes}/v1/types/nap/pause`, { headers })).status(), 200);
    assert.equal((await context.request.post(`${takes}/v1/types/nap/resume`, { headers })).status(), 200);
    await context.close();
  }
  t.diagnostic(`the proxy gave ${proxy.counts.join(' and ')} requests to the two`);
  assert.ok(proxy.counts.every((count) => count > 20));
});
