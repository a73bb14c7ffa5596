/** Models somebody who has jobs submitted again and again, from the first schedule on, in a browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openDashboard } from './browser-fixture.ts';

const CONFIG = `
import { defineConfig } from 'bide';
export default defineConfig({
  types: { greet: { run: (input) => input } },
  schedules: { kept: { cron: '0 3 * * *', job: { type: 'greet', input: { whose: 'nobody' } } } },
});
`;
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

test('a schedule is made, run, paused, changed and deleted, each after what it needs', async () => {
  await using dashboard = await openDashboard();
  const { schedules } = dashboard.client;
  const page = await dashboard.signIn({ path: '/schedules' });
  await page.getByRole('heading', { name: 'No schedules yet' }).waitFor();
  assert.match(await page.getByRole('main').locator('pre').innerText(), /curl -X PUT .*\/v1\/schedules\/nightly/);

  await button(page, 'Make a schedule').click();
  const form = page.getByRole('dialog', { name: 'Make a schedule' });
  await form.getByLabel('Name').fill('nightly');
  await form.getByLabel('When').fill('61 2 * * *');
  await form.getByLabel('Time zone').fill('Europe/Berlin');
  await form.getByLabel('Type').selectOption('echo');
  await form.getByLabel('Input (JSON)').fill('{"half":');
  await button(page, 'Make schedule').click();
  await form.getByText('The input is no JSON').waitFor();
  await form.getByLabel('Input (JSON)').fill('{"whole":true}');
  dashboard.allow(/422/);
  await button(page, 'Make schedule').click();
  await form.getByText('SCHEDULE_CRON_INVALID').waitFor();
  await form.getByLabel('When').fill('30 2 * * *');
  await form.getByText('Overlap, missed ticks').click();
  await form.getByLabel('While an earlier job is unfinished').selectOption({ label: 'Skip the tick' });
  await form.getByLabel('Tags').fill('made=by-form');
  await button(page, 'Make schedule').click();
  await page.waitForURL(/\/schedules\/nightly$/);
  const made = await schedules.get('nightly');
  assert.deepEqual(
    [made.cron, made.timeZone, made.overlap, made.missed],
    ['30 2 * * *', 'Europe/Berlin', 'skip', 'last'],
  );
  assert.deepEqual(made.job, { type: 'echo', input: { whole: true }, tags: { made: 'by-form' } });
  const ticks = page.getByRole('region', { name: 'Next ticks' }).getByRole('listitem');
  await ticks.first().waitFor();
  assert.equal(await ticks.count(), 5);
  assert.match(await ticks.first().innerText(), /2:30/, 'by its own clock');

  await button(page, 'Run now').click();
  const run = page.getByRole('region', { name: 'Runs' }).getByRole('row').nth(1);
  await run.getByText('succeeded').waitFor();
  await run.getByRole('link').click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  await page
    .getByRole('definition')
    .filter({ hasText: 'nightly' })
    .getByRole('link', { name: 'nightly', exact: true })
    .click();
  await page.waitForURL(/\/schedules\/nightly$/);

  await button(page, 'Pause').click();
  await page.getByText('None while it is paused.').waitFor();
  assert.equal((await schedules.get('nightly')).paused, true);
  await button(page, 'Resume').click();
  await ticks.first().waitFor();

  await button(page, 'Change').click();
  await page.getByLabel('When').fill('@every 10m');
  await button(page, 'Save').click();
  await page.getByRole('definition').getByText('@every 10m').waitFor();
  assert.deepEqual((await schedules.get('nightly')).job, made.job, 'what was not changed stays');

  await page.goto(`${dashboard.url}/schedules/nightly?state=failed`);
  await page.getByText('No run is in such a state.').waitFor();
  await page.goBack();
  await button(page, 'Delete').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'No schedules yet' }).waitFor();
  assert.deepEqual((await schedules.listPage()).schedules, []);
});

test('a name that is taken is said, and changes nothing', async () => {
  await using dashboard = await openDashboard();
  const { schedules } = dashboard.client;
  await schedules.put('nightly', { cron: '@daily', job: { type: 'echo' } });
  const page = await dashboard.signIn({ path: '/schedules' });
  await page
    .getByRole('row', { name: /nightly/ })
    .getByText('@daily')
    .waitFor();
  await button(page, 'Make a schedule').click();
  await page.getByLabel('Name').fill('nightly');
  await page.getByLabel('When').fill('@hourly');
  await button(page, 'Make schedule').click();
  await page.getByText('There is a schedule nightly already').waitFor();
  assert.equal((await schedules.get('nightly')).cron, '@daily');
});

test('one of the config is marked, and offers no change; a key that reads is offered nothing', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const page = await dashboard.signIn({ path: '/schedules' });
  await page.getByRole('row', { name: /kept/ }).getByText('config').waitFor();
  await page.getByRole('link', { name: 'kept' }).click();
  await page.getByText('Kept by the config').waitFor();
  await button(page, 'Run now').waitFor();
  assert.deepEqual(await page.getByRole('group', { name: 'Actions' }).getByRole('button').allInnerTexts(), [
    'Run now',
    'Pause',
  ]);

  const { key } = await dashboard.client.keys.create({ name: 'eyes', scopes: ['read'] });
  const reader = await dashboard.signIn({ key, path: '/schedules' });
  await reader.getByRole('row', { name: /kept/ }).waitFor();
  assert.equal(await button(reader, 'Make a schedule').count(), 0);
  await reader.getByRole('link', { name: 'kept' }).click();
  await reader.getByText('The input is hidden from your key.').waitFor();
  assert.equal(await reader.getByRole('group', { name: 'Actions' }).count(), 0);
  assert.equal(await reader.getByText('whose').count(), 0);
  dashboard.allow(/403/);
  const refused = await reader.evaluate(`(async () => {
    const { csrf } = await (await fetch('/dashboard/session')).json();
    const call = (method, below) => fetch('/v1/schedules/kept' + below, { method, headers: { 'x-bide-csrf': csrf } });
    return (await Promise.all([call('POST', '/run'), call('POST', '/pause'), call('DELETE', '')])).map(({ status }) => status);
  })()`);
  assert.deepEqual(refused, [403, 403, 403]);
});
