/** Models jobs that belong together, in a browser: a group, a key with a limit, and one that waits for a word of somebody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openDashboard } from './browser-fixture.ts';

const CONFIG = `
import { defineConfig } from 'bide';
export default defineConfig({
  types: {
    echo: { run: (input) => input },
    breaks: { run() { throw new Error('It broke'); }, retry: { attempts: 1 } },
    idle: { kind: 'remote' },
    asks: { run: async (input, context) => ({ heard: await context.waitForSignal('approved', { timeoutMs: 3_600_000 }) }) },
  },
});
`;
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const confirm = (page: Page, name: string) =>
  page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

test('a group is looked at as one: its figures, its jobs by state, closed, retried, cancelled and removed', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client } = dashboard;
  const page = await dashboard.signIn({ path: '/groups' });
  await page.getByRole('heading', { name: 'No groups yet' }).waitFor();
  const jobs = [{ type: 'echo', input: 1 }, { type: 'breaks' }, { type: 'idle' }];
  const { id } = await client.groups.create({ jobs, isOpen: true, onFailure: { type: 'echo' } });
  await button(page, 'Look again').click();
  await page.getByRole('link', { name: id.slice(-12) }).click();
  await page.waitForURL(new RegExp(`/groups/${id}$`));
  const figures = page.getByRole('region', { name: 'Figures' });
  await figures.getByRole('link', { name: '1' }).first().waitFor();
  const rows = page.getByRole('region', { name: 'Jobs' }).getByRole('row');
  await rows.filter({ hasText: 'failed' }).getByText('It broke').waitFor();
  await page.getByRole('button', { name: 'succeeded' }).click();
  await rows.filter({ hasText: 'breaks' }).waitFor({ state: 'detached' });
  assert.match(page.url(), /\?state=succeeded$/);
  await rows.nth(1).getByRole('link').click();
  await page.getByRole('definition').getByRole('link', { name: id }).click();
  await page.waitForURL(new RegExp(`/groups/${id}$`));

  await button(page, 'Close').click();
  await confirm(page, 'Close the group');
  await button(page, 'Close').waitFor({ state: 'detached' });
  assert.equal((await client.groups.get(id)).state, 'running');
  await button(page, 'Retry failed').click();
  await confirm(page, 'Retry them');
  await page.getByText('The jobs run again.').waitFor();
  await button(page, 'Cancel all').click();
  await confirm(page, 'Cancel them');
  const { group } = await client.groups.wait(id, { timeoutMs: 20_000 });
  assert.deepEqual([group.outcome, group.counts.cancelled], ['failed', 1]);
  const { key } = await client.keys.create({ name: 'eyes', scopes: ['read'] });
  const reader = await dashboard.signIn({ key, path: `/groups/${id}` });
  await reader
    .getByRole('definition')
    .getByText(group.onFailure?.jobId?.slice(-12) ?? 'none')
    .waitFor();
  assert.equal(await reader.getByRole('group', { name: 'Actions' }).count(), 0);

  await button(page, 'Remove').click();
  await confirm(page, 'Remove the group');
  await page.getByRole('heading', { name: 'No groups yet' }).waitFor();
});

test('a key is closed for a time, opened, and set against what its jobs say', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client } = dashboard;
  const page = await dashboard.signIn({ path: '/limits' });
  await page.getByRole('heading', { name: 'No keys with limits' }).waitFor();
  await client.submit({ type: 'idle', limit: { key: 'customer-42', concurrency: 3 } });
  const row = page.getByRole('row', { name: /^customer-42/ });
  await row.getByText('open', { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Close…' }).click();
  await page.getByLabel('For').selectOption({ label: 'An hour' });
  await confirm(page, 'Close it');
  await row.getByText('closed').waitFor();
  const { closedUntil } = await client.limits.get('customer-42');
  assert.ok(Date.parse(closedUntil ?? '') > Date.now() + 3_000_000);
  await row.getByRole('button', { name: 'Open' }).click();
  await row.getByText('open', { exact: true }).waitFor();

  await row.getByRole('button', { name: 'Change' }).click();
  await page.getByLabel('Jobs at once').fill('1');
  await page.getByLabel('Starts').fill('100');
  await page.getByLabel('In so many seconds').fill('60');
  await confirm(page, 'Set limit');
  await row.getByText('set', { exact: true }).waitFor();
  const { concurrency, rate } = await client.limits.get('customer-42');
  assert.deepEqual([concurrency, rate], [1, { count: 100, perMs: 60_000 }]);
  await row.getByRole('button', { name: 'Unset' }).click();
  await row.getByText('set', { exact: true }).waitFor({ state: 'detached' });

  const { key } = await client.keys.create({ name: 'eyes', scopes: ['read'] });
  const reader = await dashboard.signIn({ key, path: '/limits' });
  await reader.getByRole('row', { name: /^customer-42/ }).waitFor();
  assert.equal(await reader.getByRole('main').getByRole('button').count(), 0);
});

test('a job that waits for a signal says so, and gets it with a value', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client } = dashboard;
  const { id } = await client.submit({ type: 'asks' });
  const { key } = await client.keys.create({ name: 'eyes', scopes: ['read'] });
  const reader = await dashboard.signIn({ key, path: `/jobs/${id}` });
  await reader.getByText('Waits for the signal').waitFor();
  assert.equal(await button(reader, 'Send it…').count(), 0);
  const page = await dashboard.signIn({ path: `/jobs/${id}` });
  await button(page, 'Send it…').click();
  await page.getByLabel('Value (JSON)').fill('{"by":');
  await button(page, 'Send the signal').click();
  await page.getByText('The value is no JSON').waitFor();
  await page.getByLabel('Value (JSON)').fill('{"by":"ada"}');
  await button(page, 'Send the signal').click();
  await page.getByText('Waits for the signal').waitFor({ state: 'detached' });
  const { job } = await client.wait(id, { timeoutMs: 20_000 });
  assert.deepEqual(job?.result, { heard: { by: 'ada' } });
});

test('a job that comes after others says what it waits for, and both lead to each other', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client } = dashboard;
  const parent = await client.submit({ type: 'idle' });
  const ended = await client.submit({ type: 'echo', input: 1 });
  const child = await client.submit({ type: 'echo', input: 2, after: [parent.id, ended.id] });
  const page = await dashboard.signIn({ path: `/jobs/${child.id}` });
  await page.getByText('Waits for the jobs that it comes after').waitFor();
  const parents = page.getByRole('region', { name: 'Comes after', exact: true });
  await parents.getByText('succeeded', { exact: true }).waitFor();
  await parents.getByRole('link', { name: parent.id.slice(-12) }).click();
  await page.waitForURL(new RegExp(`${parent.id}$`));
  const children = page.getByRole('region', { name: 'Come after it' });
  await children.getByRole('link', { name: child.id.slice(-12) }).waitFor();
  await button(page, 'Cancel').click();
  await confirm(page, 'Cancel the job');
  await children.getByRole('link').click();
  await page.getByText('PARENT_FAILED').first().waitFor();
  assert.equal(await page.getByText('Waits for the jobs that it comes after').count(), 0);
});

test('a job that is due says what holds it back: a key that is closed or full, or its sequence', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client } = dashboard;
  const limit = { key: 'customer-42', concurrency: 1 };
  await client.limits.close('customer-42', { closeMs: 3_600_000 });
  const { id } = await client.submit({ type: 'echo', limit, unique: { key: 'only', mode: 'reject' } });
  await client.submit({ type: 'idle', sequenceKey: 'talk-1' });
  const behind = await client.submit({ type: 'echo', sequenceKey: 'talk-1' });
  const page = await dashboard.signIn({ path: `/jobs/${id}` });
  const why = page.getByRole('region', { name: 'Why it waits' });
  await why.getByText('Waits for its limit: the key customer-42 is closed').waitFor();
  await page.getByRole('definition').getByText('1 at once').waitFor();
  await page.getByRole('definition').getByText('reject').waitFor();
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByText('closed: customer-42').waitFor();
  await page
    .getByRole('row', { name: /sequence talk-1/ })
    .getByRole('link')
    .click();
  await page.waitForURL(new RegExp(behind.id));
  await why.getByText('Waits for jobs before it in the sequence talk-1').waitFor();
  await page.goto(`${dashboard.url}/jobs/${id}`);
  await why.waitFor();
  await client.limits.open('customer-42');
  await why.waitFor({ state: 'detached' });
  assert.equal((await client.wait(id, { timeoutMs: 20_000 })).job.state, 'succeeded');
  await page.locator('.page-head').getByText('succeeded', { exact: true }).waitFor();
});

test('the page of a group follows its jobs, and stands still while that is paused', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client } = dashboard;
  const { id } = await client.groups.create({ jobs: [{ type: 'echo' }, { type: 'idle' }, { type: 'idle' }] });
  const page = await dashboard.signIn({ path: `/groups/${id}` });
  const done = (percent: number) => page.getByRole('region', { name: 'Figures' }).getByText(`${percent} %`);
  await page.getByText('Live', { exact: true }).waitFor();
  await done(33).waitFor();
  const idle: string[] = [];
  for await (const job of client.groups.jobs(id)) if (job.type === 'idle') idle.push(job.id);
  await client.cancel(idle[0] ?? '');
  await done(66).waitFor();
  await button(page, 'Pause').click();
  await page.getByText('Paused', { exact: true }).waitFor();
  await client.cancel(idle[1] ?? '');
  await client.groups.wait(id, { timeoutMs: 20_000 });
  assert.equal(await done(100).count(), 0);
  await button(page, 'Go on').click();
  await done(100).waitFor();
});
