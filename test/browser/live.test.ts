/** Models a page that stays open: under many changes, through a pause, and while its server is away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { startServer } from '../process/server-process.ts';
import { type Dashboard, openDashboard } from './browser-fixture.ts';

/** After a collection of what nobody needs any more. */
async function weightOf(page: Page): Promise<{ readonly nodes: number; readonly heapBytes: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  await session.detach();
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? assert.fail(name);
  return { nodes: of('Nodes'), heapBytes: of('JSHeapUsedSize') };
}

/** Each job changes six times or so. */
async function work({ client }: Dashboard, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const job = { type: 'sleep', input: { ms: 40, steps: 4 } };
    const items = await client.submitMany(Array.from({ length: 20 }, () => job));
    await client.waitMany(items.map((item) => item.job?.id ?? assert.fail(item.error?.title)));
  }
}

const NEW = /^[\d,]+ new/;

/** Of all jobs so far: each change of a job is a revision of its own. */
async function changesOf({ client }: Dashboard): Promise<number> {
  let changes = 0;
  for await (const { revision } of client.list({ pageSize: 500 })) changes += revision;
  return changes;
}

/** Twenty a second for a minute, and no pause between them. */
const CHANGES_MIN = 1_200;

test('a list that is open under the changes of a minute grows neither in nodes nor in memory', async (t) => {
  await using dashboard = await openDashboard();
  await work(dashboard, 5);
  const page = await dashboard.signIn({ path: '/jobs' });
  await page.getByText('50 jobs on this page').waitFor();
  await work(dashboard, 5);
  await page.getByRole('button', { name: NEW }).waitFor();
  const before = await weightOf(page);
  const changedBefore = await changesOf(dashboard);
  await work(dashboard, 25);
  const after = await weightOf(page);
  const changes = (await changesOf(dashboard)) - changedBefore;
  t.diagnostic(
    `${changes} changes: ${before.nodes} -> ${after.nodes} nodes, ${before.heapBytes} -> ${after.heapBytes} bytes`,
  );
  assert.ok(changes >= CHANGES_MIN, `${changes} changes`);
  assert.ok(after.nodes <= before.nodes * 1.1, `${before.nodes} nodes became ${after.nodes}`);
  assert.ok(after.heapBytes <= before.heapBytes * 1.2, `${before.heapBytes} bytes became ${after.heapBytes}`);
});

test('a paused page stands still, and has missed nothing when it goes on', async () => {
  await using dashboard = await openDashboard();
  const { client } = dashboard;
  const { id } = await client.submit({ type: 'sleep', input: { ms: 600_000, steps: 100 } });
  const page = await dashboard.signIn({ path: `/jobs/${id}` });
  const heading = page.getByRole('heading', { level: 1 });
  await heading.getByText('running').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused', { exact: true }).waitFor();
  await client.cancel(id, { waitMs: 20_000 });
  assert.equal(await heading.getByText('running').count(), 1);
  await page.getByRole('button', { name: 'Go on' }).click();
  await heading.getByText('cancelled').waitFor();
});

test('a page says Live when it is connected, and a list that found no server comes by itself', async () => {
  await using dashboard = await openDashboard();
  const { id } = await dashboard.client.submit({ type: 'echo', input: 1 }, { waitMs: 10_000 });
  const page = await dashboard.signIn({ path: '/types' });
  const open = Promise.withResolvers<void>();
  await page.route(/\/v1\/events/, async (route) => {
    await open.promise;
    await route.continue();
  });
  await page.route(/\/v1\/jobs\?/, (route) => route.abort());
  dashboard.allow(/ERR_FAILED/);
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByText('Connecting…').waitFor();
  await page.getByText('UNREACHABLE').waitFor();
  await page.unroute(/\/v1\/jobs\?/);
  await page.locator(`tr[data-job="${id}"]`).waitFor();
  assert.equal(await page.getByText('Live', { exact: true }).count(), 0);
  open.resolve();
  await page.getByText('Live', { exact: true }).waitFor();
});

test('while its server is away a page says so, and it comes back by itself', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.signIn({ path: '/jobs' });
  await page.getByText('Live', { exact: true }).waitFor();
  dashboard.allow(/ERR_|console: Failed to load/);
  await dashboard.server.end('SIGKILL');
  await page.getByText('Server away').waitFor();
  const port = new URL(dashboard.server.url).port;
  await using _again = await startServer({ data: dashboard.data, args: ['--playground', '--port', port] });
  await page.getByText('Live', { exact: true }).waitFor();
  const { id } = await dashboard.client.submit({ type: 'echo', input: 1 });
  const row = page.locator(`tr[data-job="${id}"]`);
  const news = page.getByRole('button', { name: NEW });
  // A list that was still being loaded again has the job already, and nothing to announce.
  await row.or(news).first().waitFor();
  if (await news.isVisible()) await news.click();
  await row.getByText('succeeded').waitFor();
});
