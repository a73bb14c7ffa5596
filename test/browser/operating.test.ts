/** Models an operator at work in a browser: submits, pauses, makes and revokes keys, and has another program told. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { verifyWebhook } from '../../src/client/index.ts';
import { openDashboard } from './browser-fixture.ts';

const run = promisify(execFile);
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

test('a form made from the schema submits a job, and says at the field what is wrong with it', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.signIn({ path: '/types/sleep' });
  const form = page.getByRole('form', { name: 'Submit a job of sleep' });
  await form.getByLabel('ms', { exact: true }).fill('-5');
  await form.getByLabel('result (JSON)').fill('{"half":');
  await button(page, 'Submit job').click();
  await form.getByText('is no JSON').waitFor();

  dashboard.allow(/422/);
  await form.getByLabel('result (JSON)').fill('{"whole":true}');
  await button(page, 'Submit job').click();
  const wrong = form.locator('.field', { has: page.getByLabel('ms', { exact: true }) }).getByRole('alert');
  assert.match(await wrong.innerText(), /0/, 'the least that is taken');

  await form.getByLabel('ms', { exact: true }).fill('20');
  await form.getByText('Tags and delay').click();
  await form.getByLabel('Tags').fill('made=by-form');
  await button(page, 'Submit job').click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  const id = page.url().slice(-36);
  await dashboard.client.wait(id);
  const { state, tags, result } = await dashboard.client.get(id);
  assert.deepEqual([state, tags, result], ['succeeded', { made: 'by-form' }, { whole: true }]);
});

test('what was written in fields goes on as JSON, and back', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.signIn({ path: '/types/sleep' });
  const form = page.getByRole('form');
  await form.getByLabel('ms', { exact: true }).fill('7');
  await button(page, 'JSON').click();
  assert.equal(JSON.parse(await form.getByLabel('Input (JSON)').inputValue()).ms, 7);
  await form.getByLabel('Input (JSON)').fill('{"ms":8,"steps":2}');
  await button(page, 'Fields').click();
  assert.equal(await form.getByLabel('ms', { exact: true }).inputValue(), '8');
  assert.equal(await form.getByLabel('steps').inputValue(), '2');
});

test('a type is paused after a question, the overview says so, and it is resumed', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.signIn({ path: '/types/echo' });
  await button(page, 'Pause').click();
  await page.getByRole('dialog', { name: 'Pause echo?' }).getByRole('button', { name: 'Pause' }).click();
  await button(page, 'Resume').waitFor();
  await dashboard.client.submit({ type: 'echo', input: 1 });
  await page.getByRole('link', { name: 'Overview' }).click();
  const wrong = page.getByRole('region', { name: 'What is wrong now' });
  await wrong.getByText('echo is paused: 1 job waits').waitFor();
  await wrong.getByRole('link').click();
  await button(page, 'Resume').click();
  await button(page, 'Pause').waitFor();
  assert.equal((await dashboard.client.type('echo')).paused, false);
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByRole('cell', { name: 'resumed a type' }).waitFor();
});

test('a key is shown once, works, and is revoked after a question', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.signIn({ path: '/keys' });
  await button(page, 'Make a key').click();
  await page.getByLabel('Name').fill('reader');
  await page.getByRole('checkbox', { name: /^submit/ }).uncheck();
  await button(page, 'Make key').click();
  const shown = page.getByRole('dialog', { name: 'The key reader' });
  const key = await shown.locator('pre').innerText();
  await shown.getByRole('button', { name: 'I have it' }).click();
  assert.equal((await dashboard.client.keys.list()).find(({ name }) => name === 'reader')?.scopes.join(), 'read');
  assert.doesNotMatch(await page.content(), new RegExp(key.slice(-20)), 'nowhere any more');

  const reader = await dashboard.signIn({ path: '/types', key });
  await reader.getByRole('heading', { name: 'echo' }).waitFor();
  const row = page.getByRole('row', { name: /^reader/ });
  await row.getByRole('button', { name: 'Revoke' }).click();
  dashboard.allow(/401/);
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.getByText('revoked').waitFor();
  await reader.getByLabel('API key').waitFor();
});

test('a key that reads sees no button that changes anything, and no page that it may not see', async () => {
  await using dashboard = await openDashboard();
  const { key } = await dashboard.client.keys.create({ name: 'eyes', scopes: ['read'] });
  const page = await dashboard.signIn({ key, path: '/types/sleep' });
  await page.getByRole('heading', { name: 'Input schema' }).waitFor();
  const pages = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts();
  for (const hidden of ['Keys', 'Webhooks']) assert.ok(!pages.includes(hidden), hidden);
  assert.ok(pages.includes('Audit'));
  for (const name of ['Pause', 'Submit job']) assert.equal(await button(page, name).count(), 0, name);
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: 'certificates' }).waitFor();
  assert.equal(await button(page, 'Pause').count(), 0);
});

test('a webhook may be told in the words of another API', async () => {
  await using dashboard = await openDashboard({ args: ['--allow-private-callbacks'] });
  const page = await dashboard.signIn({ path: '/webhooks' });
  await button(page, 'Add a webhook').click();
  await page.getByLabel('URL').fill('http://127.0.0.1:9/openai');
  await page.getByLabel('Words').selectOption('openai');
  await page.getByRole('dialog').getByRole('button', { name: 'Add webhook' }).click();
  await page.getByRole('dialog', { name: 'The secret of this webhook' }).waitFor();
  const made = (await dashboard.client.webhooks.list()).find(({ url }) => url.endsWith('/openai'));
  assert.equal(made?.dialect, 'openai');
  await dashboard.client.webhooks.remove(made?.id ?? '');
});

test('a webhook is added, its secret shown once, and a test of it is seen to arrive', async () => {
  await using dashboard = await openDashboard({ args: ['--allow-private-callbacks'] });
  await using receiver = await openReceiver();
  const page = await dashboard.signIn({ path: '/webhooks' });
  await page.getByRole('heading', { name: 'Nobody is told yet' }).waitFor();
  await button(page, 'Add a webhook').click();
  await page.getByLabel('URL').fill(receiver.url);
  await page.getByRole('dialog').getByRole('button', { name: 'Add webhook' }).click();
  const shown = page.getByRole('dialog', { name: 'The secret of this webhook' });
  assert.match(await shown.locator('pre').innerText(), /^whsec_/);
  await shown.getByRole('button', { name: 'I have it' }).click();

  await button(page, 'Send a test').click();
  await page.getByRole('cell', { name: 'delivered' }).waitFor();
  assert.equal(receiver.events.at(-1), 'webhook.test');
  await button(page, 'Details').click();
  await page.getByRole('dialog').getByText('"type": "webhook.test"').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await button(page, 'Redeliver').click();
  await page.getByText('It is sent again.').waitFor();
  await receiver.heard(2);
  assert.equal(receiver.events.at(-1), 'webhook.test');

  await button(page, 'New secret').click();
  await page.getByRole('dialog', { name: 'Make a new secret?' }).getByRole('button', { name: 'Make it' }).click();
  const renewed = page.getByRole('dialog', { name: 'The new secret' });
  const secret = await renewed.locator('pre').innerText();
  assert.match(secret, /^whsec_/);
  await renewed.getByRole('button', { name: 'I have it' }).click();
  await button(page, 'Send a test').click();
  await receiver.heard(3);
  const { body, headers } = receiver.last();
  assert.equal((await verifyWebhook(secret, headers, body)).type, 'webhook.test', 'signed by the new one');
  await button(page, 'Disable').click();
  await button(page, 'Enable').waitFor();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText(/The webhook .* is disabled/).waitFor();
});

test('the dialects show where they are, and a line that works', async () => {
  await using dashboard = await openDashboard();
  const { id } = await dashboard.client.submit({ type: 'echo', input: 1 }, { waitMs: 10_000 });
  const page = await dashboard.signIn({ path: '/dialects' });
  await page.getByRole('heading', { name: 'Symbl.ai' }).waitFor();
  const line = await page.getByRole('article').filter({ hasText: 'symbl' }).locator('pre').innerText();
  const { stdout } = await run('sh', ['-c', `${line} -s`], {
    env: { ...process.env, BIDE_KEY: dashboard.server.key, JOB: id },
  });
  assert.deepEqual(JSON.parse(stdout), { id, status: 'completed' });
  await page.reload();
  const symbl = page.getByRole('article').filter({ hasText: 'symbl' });
  await symbl
    .getByRole('listitem')
    .filter({ hasText: /^200\s*1\s*last/ })
    .waitFor();
  const base = await page.getByRole('article').filter({ hasText: 'openai' }).locator('code').first().innerText();
  assert.equal(base, `${dashboard.server.url}/openai/v1`, 'what its client is given, to the letter');
  const { key } = await dashboard.client.keys.create({ name: 'eyes', scopes: ['read'] });
  const reader = await dashboard.signIn({ key, path: '/dialects' });
  await reader.getByRole('heading', { name: 'Symbl.ai' }).waitFor();
  assert.equal(await reader.getByText('Answers since').count(), 0, 'what all tenants do together');
});

test('a number that would come out changed goes as it was typed, and is refused by the server in its words', async () => {
  await using dashboard = await openDashboard();
  dashboard.allow(/400/);
  const page = await dashboard.signIn({ path: '/types/echo' });
  await page.getByLabel('Input (JSON)').fill('{"n":12345678901234567890}');
  await button(page, 'Submit job').click();
  await page.getByText('/n is 12345678901234567890, which a double cannot hold').waitFor();
  await page.getByLabel('Input (JSON)').fill('{"n":9007199254740994}');
  await button(page, 'Submit job').click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  const first = page.url().slice(-36);
  assert.deepEqual(await dashboard.client.input(first), { n: 9007199254740994 });

  await button(page, 'Resubmit…').click();
  await page.getByRole('dialog').getByLabel('Input').fill('{"n":9007199254740993}');
  await button(page, 'Submit with this input').click();
  await page.getByText('/n is 9007199254740993, which a double cannot hold').waitFor();
  await page.getByRole('dialog').getByLabel('Input').fill('{"n":2}');
  await button(page, 'Submit with this input').click();
  await page.getByText('Copy of', { exact: true }).waitFor();
  await page.getByRole('link', { name: first }).click();
  await page.waitForURL(new RegExp(`${first}$`));
});

test('the secret of callbacks is shown and replaced', async () => {
  await using dashboard = await openDashboard();
  const page = await dashboard.signIn({ path: '/webhooks' });
  await button(page, 'Callback secret').click();
  const shown = page.getByRole('dialog', { name: 'The secret of callbacks', exact: true });
  const before = await dashboard.client.webhooks.callbackSecret();
  await shown.getByText(before).waitFor();
  await button(page, 'Replace it').click();
  const asked = page.getByRole('dialog', { name: 'Replace the secret of callbacks?' });
  await asked.getByRole('button', { name: 'Replace it' }).click();
  await shown.getByText(before).waitFor({ state: 'detached' });
  await shown.getByText(await dashboard.client.webhooks.callbackSecret()).waitFor();
});

interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly events: readonly string[];
  last(): { readonly body: string; readonly headers: Record<string, string> };
  /** Resolves when there were so many requests in all. */
  heard(count: number): Promise<void>;
}

async function openReceiver(): Promise<Receiver> {
  const events: string[] = [];
  const news = new EventEmitter();
  let last = { body: '', headers: {} as Record<string, string> };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      last = { body, headers: request.headers as Record<string, string> };
      events.push((JSON.parse(body) as { type: string }).type);
      response.writeHead(200).end();
      news.emit('request');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    events,
    last: () => last,
    async heard(count) {
      while (events.length < count) await once(news, 'request');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
