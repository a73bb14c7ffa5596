/** Models a queue with a long past: with 100,000 jobs stored the dashboard is as quick as with none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openDashboard } from './browser-fixture.ts';
import { storeJobs } from './stored-jobs.ts';

const JOBS = 100_000;
/** What a person at a quiet machine may expect; a busy one is given so many times as much. */
const PATIENCE = 4 * Number(process.env.BIDE_PATIENCE ?? 1);
const PAINT_MS_MAX = 1_000;
const FILTER_MS_MAX = 300;

/** What runs in the page: acts, and resolves with the ms until another list is painted, all of whose lines fit. */
const timed = (page: Page, act: string, fits: RegExp) =>
  page.evaluate<number>(`new Promise((resolve) => {
    const rows = () => [...document.querySelectorAll('tr[data-job]')];
    const listed = () => rows().map(({ dataset }) => dataset.job).join();
    const before = listed();
    const watcher = new MutationObserver(() => {
      if (listed() === before || rows().length === 0 || !rows().every((row) => ${fits}.test(row.textContent))) return;
      watcher.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - from));
    });
    watcher.observe(document, { childList: true, subtree: true, characterData: true });
    const from = performance.now();
    ${act}
  })`);

const press = (text: string) =>
  `[...document.querySelectorAll('button')].find((one) => one.textContent.trim() === ${JSON.stringify(text)}).click();`;

test('with 100,000 jobs stored, pages are there within a second and a filter within 300 ms', async (t) => {
  const startedAt = performance.now();
  await using dashboard = await openDashboard({ prepare: (data) => storeJobs(data, JOBS) });
  t.diagnostic(`stored in ${Math.round(performance.now() - startedAt)} ms`);
  const { succeeded, failed, cancelled } = (await dashboard.client.counts()).total;
  assert.equal(succeeded + failed + cancelled, JOBS);
  const within = (what: string, ms: number, most: number) => {
    t.diagnostic(`${what}: ${Math.round(ms)} ms`);
    assert.ok(ms <= most * PATIENCE, `${what} took ${ms} ms`);
  };

  const look = async (which: string, at: Page) => {
    await at.locator('tr[data-job]').first().waitFor();
    const thereMs = await at.evaluate<number>('performance.now()');
    const paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime";
    within(`${which}: painted`, await at.evaluate<number>(paint), PAINT_MS_MAX);
    within(`${which}: the jobs are there and can be used`, thereMs, PAINT_MS_MAX);
  };
  await look('the first visit to this server', await dashboard.signIn({ path: '/jobs' }));
  const page = await dashboard.signIn({ path: '/jobs' });
  await look('the first visit of another browser', page);
  await page.reload();
  await look('a second visit', page);

  within('only those that failed', await timed(page, press('failed'), /The disk is full/), FILTER_MS_MAX);
  within('and of one team', await timed(page, press('team: blue'), /team: blue/), FILTER_MS_MAX);
  within('older ones', await timed(page, press('Older'), /team: blue/), FILTER_MS_MAX);
  within('all again', await timed(page, press('Clear filters'), /./), FILTER_MS_MAX);

  const groupedAt = performance.now();
  await page.getByRole('button', { name: 'Failures by kind' }).click();
  await page.getByRole('row').filter({ hasText: 'HANDLER_FAILED' }).nth(2).waitFor();
  within('the 10,000 failures in groups', performance.now() - groupedAt, PAINT_MS_MAX);
  const overviewAt = performance.now();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: 'certificates' }).waitFor();
  within('the overview', performance.now() - overviewAt, PAINT_MS_MAX);
});
