/** Models how a person finds jobs, follows one to its end, cancels one that runs, and runs all that failed again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Dashboard, openDashboard } from './browser-fixture.ts';

const row = (page: Page, id: string) => page.locator(`tr[data-job="${id}"]`);
const badge = (page: Page, state: string) => page.getByRole('heading', { level: 1 }).getByText(state, { exact: true });
const action = (page: Page, name: string) => page.getByRole('group', { name: 'Actions' }).getByRole('button', { name });

async function failed({ client }: Dashboard, count: number): Promise<void> {
  const input = { ms: 0, steps: 1, fail: 'The disk is full' };
  const job = { type: 'sleep', input, tags: { team: 'blue' }, retry: { attempts: 1 } };
  const items = await client.submitMany(Array.from({ length: count }, () => job));
  await client.waitMany(items.map((item) => item.job?.id ?? assert.fail(item.error?.title)));
}

test('a list is filtered by its address, and what is new is announced before it is shown', async () => {
  await using dashboard = await openDashboard();
  const { client } = dashboard;
  const done = await client.submit({ type: 'echo', input: 1, tags: { team: 'red' } }, { waitMs: 10_000 });
  await failed(dashboard, 1);
  const page = await dashboard.signIn({ path: '/jobs' });
  await row(page, done.id).getByText('succeeded').waitFor();
  assert.equal(await page.locator('tr[data-job]').count(), 2);

  await page.getByRole('group', { name: 'State' }).getByRole('button', { name: 'failed' }).click();
  await row(page, done.id).waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).search, '?state=failed');
  await page.reload();
  await page.getByText('The disk is full').waitFor();
  assert.equal(await page.locator('tr[data-job]').count(), 1);
  await page.goBack();
  await row(page, done.id).waitFor();

  await row(page, done.id).getByRole('button', { name: 'team: red' }).click();
  await page.waitForURL(/tag=team%3Ared/);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.waitForURL(/\/dashboard\/jobs$/);
  await page.getByLabel('Search').fill('no such text');
  await page.getByRole('heading', { name: 'No job fits' }).waitFor();
  assert.match(page.url(), /text=no\+such\+text/);
  await page.getByRole('button', { name: 'Show all jobs' }).click();
  await row(page, done.id).waitFor();

  const next = await client.submit({ type: 'echo', input: 2 });
  await page.getByRole('button', { name: '1 new' }).click();
  await row(page, next.id).getByText('succeeded').waitFor();
});

test('a job is followed to its end: progress, log, output and result come by themselves', async () => {
  await using dashboard = await openDashboard();
  const { client } = dashboard;
  const input = { ms: 4_000, steps: 20, lines: 3, emits: true, result: { id: 'R-1' } };
  const page = await dashboard.signIn({ path: '/jobs' });
  await page.getByRole('heading', { name: 'No jobs yet' }).waitFor();
  const { id } = await client.submit({ type: 'sleep', input });
  await page.getByRole('button', { name: '1 new' }).click();
  await row(page, id).getByText('running').waitFor();
  await row(page, id).getByRole('link').click();
  await badge(page, 'running').waitFor();
  await page.getByText(/^step \d+ of 20$/).waitFor();
  await page.getByRole('log').getByText('line 3 of 3').waitFor();
  await page.getByText('part 1 of 20').waitFor();
  await badge(page, 'succeeded').waitFor();
  await page.getByText('"id": "R-1"').nth(1).waitFor();
  await page.getByText('part 20 of 20').waitFor();
  assert.equal(await action(page, 'Cancel').count(), 0);

  await action(page, 'Resubmit').click();
  const text = page.getByRole('textbox', { name: 'Input' });
  await text.fill('{"ms": 0,');
  assert.equal(await page.getByRole('button', { name: 'Submit with this input' }).isEnabled(), false);
  await text.fill('{"ms": 0, "steps": 1, "result": "second"}');
  await page.getByRole('button', { name: 'Submit with this input' }).click();
  await page.getByRole('link', { name: id }).waitFor();
  await page.getByText('"second"').first().waitFor();
});

test('a running job is cancelled after a question', async () => {
  await using dashboard = await openDashboard();
  const { id } = await dashboard.client.submit({ type: 'sleep', input: { ms: 600_000, steps: 100 } });
  const page = await dashboard.signIn({ path: `/jobs/${id}` });
  await badge(page, 'running').waitFor();
  await action(page, 'Cancel').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
  await badge(page, 'cancelled').waitFor();
  assert.equal((await dashboard.client.get(id)).state, 'cancelled');
});

test('failures are grouped, and all that fit a filter run again by one call that names how many', async () => {
  await using dashboard = await openDashboard();
  await failed(dashboard, 500);
  const page = await dashboard.signIn({ path: '/jobs?view=failures' });
  const group = page.getByRole('row').filter({ hasText: 'HANDLER_FAILED' });
  await group.getByRole('cell', { name: '500', exact: true }).waitFor();
  await group.getByRole('link', { name: 'HANDLER_FAILED' }).click();
  await page.getByText('50 jobs on this page').waitFor();
  await page.getByRole('button', { name: 'Older' }).click();
  await page.waitForURL(/cursor=/);
  await page.getByText('50 jobs on this page').waitFor();
  await page.getByRole('button', { name: 'Newest' }).click();
  await page.getByText('50 jobs on this page').waitFor();
  await page.getByLabel('Select all on this page').check();
  await page.getByRole('button', { name: 'Select all that fit' }).click();
  await page.getByRole('button', { name: 'Retry', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Retry 500 jobs' }).click();
  await page.getByText('500 jobs retried.').waitFor();
});

test('a key that only reads sees no button, and no payload without its scope', async () => {
  await using dashboard = await openDashboard();
  await failed(dashboard, 1);
  const { key } = await dashboard.client.keys.create({ name: 'guest', scopes: ['read'] });
  const page = await dashboard.signIn({ path: '/jobs', key });
  const link = page.locator('tr[data-job]').getByRole('link');
  await link.waitFor();
  assert.equal(await page.getByRole('checkbox').count(), 0);
  await link.click();
  await page.getByText('read:payload').waitFor();
  assert.equal(await action(page, '').count(), 0);
});

test('what jobs bring along stays text', async () => {
  await using dashboard = await openDashboard();
  const probe = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
  const tags = { [probe.slice(0, 30)]: probe };
  const { client } = dashboard;
  const made = await client.submit({ type: 'echo', input: { probe }, tags }, { waitMs: 10_000 });
  const input = { ms: 0, steps: 1, fail: probe };
  const broken = await client.submit({ type: 'sleep', input, tags, retry: { attempts: 1 } }, { waitMs: 10_000 });
  for (const path of ['/jobs', `/jobs/${made.id}`, `/jobs/${broken.id}`, '/jobs?view=failures']) {
    const page = await dashboard.signIn({ path });
    await page.getByText('<img src=x').first().waitFor();
    assert.equal(await page.locator('img, script:not([type])').count(), 0, path);
  }
});
