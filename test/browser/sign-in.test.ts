/** Models how a person comes in and goes out: by the link of the first start, by a key, with a wrong one, and by signing out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openDashboard } from './browser-fixture.ts';

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Pages' });

test('the link of the first start signs in once, and leaves the address', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.visit(dashboard.link);
  await navigation(page).waitFor();
  assert.doesNotMatch(page.url(), /link=/);
  await page.reload();
  await navigation(page).waitFor();

  dashboard.allow(/session/);
  const second = await dashboard.visit(dashboard.link);
  await second.getByRole('alert').getByText('used before').waitFor();
  await second.getByLabel('API key').waitFor();
});

test('a key signs in, a wrong one is told why not, and signing out ends it', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.visit(`${dashboard.url}/workers`);
  const field = page.getByLabel('API key');
  await field.waitFor();
  assert.deepEqual(dashboard.troubles(), [], 'being signed out is no error');

  dashboard.allow(/401.*session|session.*401/);
  await field.fill('bide_wrongkey_0000000000000000000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('unknown, revoked or expired').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign in' }).isEnabled(), true);

  await field.fill(dashboard.server.key);
  await page.keyboard.press('Enter');
  await navigation(page).waitFor();
  assert.equal(new URL(page.url()).pathname, '/dashboard/workers', 'where one wanted to go');
  assert.equal(await page.evaluate('document.cookie'), '', 'out of reach of scripts');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await field.waitFor();
  await page.reload();
  await field.waitFor();
});
