/** Models that what jobs say stays text, and that a page can do no more than the key behind it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openDashboard } from './browser-fixture.ts';

const PROBE = `<img src=x onerror="globalThis.taken=1"><script>globalThis.taken=1</script>"'><a href="javascript:globalThis.taken=1">p</a>`;

const CONFIG = `
import { defineConfig } from 'bide';
export default defineConfig({
  types: {
    says: {
      description: ${JSON.stringify(PROBE)},
      run(input: { probe: string; fails: boolean }, context) {
        context.progress(50, input.probe);
        context.log(input.probe, { [input.probe]: input.probe });
        context.emit(input.probe);
        if (input.fails) throw new Error(input.probe);
        return { [input.probe]: input.probe, html: input.probe };
      },
      retry: { attempts: 1 },
    },
    idle: { kind: 'remote' },
  },
});
`;

async function requireHarmless(page: Page, where: string): Promise<void> {
  assert.equal(await page.evaluate('globalThis.taken ?? null'), null, where);
  assert.equal(await page.locator('img, iframe, a[href^="javascript:"], #app script').count(), 0, where);
}

test('markup in tags, progress, logs, output, results and errors stays text', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client } = dashboard;
  const jobs = [];
  for (const fails of [false, true]) {
    const input = { probe: PROBE, fails };
    jobs.push(await client.submit({ type: 'says', input, tags: { [PROBE.slice(0, 40)]: PROBE.slice(0, 100) } }));
  }
  for (const { id } of jobs) await client.wait(id);
  const page = await dashboard.signIn({ path: '/jobs' });
  await page.getByText('<img src=x').first().waitFor();
  await requireHarmless(page, 'list');
  for (const { id } of jobs) {
    await page.goto(`${dashboard.url}/jobs/${id}`);
    await page.getByText('<img src=x').first().waitFor();
    await requireHarmless(page, id);
  }
  for (const path of ['/types', '/types/says', '/']) {
    await page.goto(dashboard.url + path);
    await page.getByRole('main').getByText('says').first().waitFor();
    await requireHarmless(page, path);
  }
  dashboard.allow(/\b404\b/);
  for (const path of [`/jobs/${encodeURIComponent(PROBE)}`, `/${encodeURIComponent(PROBE)}`]) {
    await page.goto(dashboard.url + path);
    await page.getByRole('alert').first().waitFor();
    await requireHarmless(page, path);
  }
});

test('a key that may only read is offered no change, and a foreign one sees nothing', async () => {
  await using dashboard = await openDashboard({ config: CONFIG });
  const { client, server } = dashboard;
  const { id } = await client.submit({ type: 'idle', tags: { whose: 'default' } });
  const reader = await client.keys.create({ name: 'reader', scopes: ['read'] });
  const foreign = await client.keys.create({ name: 'foreign', tenant: 'globex', scopes: ['admin'] });

  const page = await dashboard.signIn({ key: reader.key, path: `/jobs/${id}` });
  await page.getByText('idle').filter({ visible: true }).first().waitFor();
  const changes = /^(cancel|retry|remove|resubmit|pause (type|idle)|resume|submit|new key|revoke)\b/i;
  for (const path of [`/jobs/${id}`, '/jobs', '/types', '/types/idle']) {
    await page.goto(dashboard.url + path);
    await page.getByText('idle').filter({ visible: true }).first().waitFor();
    assert.deepEqual(await page.getByRole('button', { name: changes }).allTextContents(), [], path);
  }
  await page.goto(`${dashboard.url}/keys`);
  dashboard.allow(/403/);
  const refused = await page.evaluate(`(async () => {
    const { csrf } = await (await fetch('/dashboard/session')).json();
    const headers = { 'x-bide-csrf': csrf };
    const answers = [fetch('/v1/jobs/${id}/cancel', { method: 'POST', headers }), fetch('/v1/types/idle/pause', { method: 'POST', headers })];
    return (await Promise.all(answers)).map(({ status }) => status);
  })()`);
  assert.deepEqual(refused, [403, 403]);
  assert.equal((await client.get(id)).state, 'queued');

  const other = await dashboard.signIn({ key: foreign.key, path: '/jobs' });
  await other.getByText('globex').first().waitFor();
  await other.getByRole('main').getByRole('heading', { level: 2 }).first().waitFor();
  assert.equal(await other.getByText(id.slice(0, 12)).count(), 0);
  dashboard.allow(/404/);
  await other.goto(`${dashboard.url}/jobs/${id}`);
  await other.getByRole('alert').first().waitFor();
  assert.equal(await other.getByText('whose').count(), 0);
  assert.ok(server.key !== foreign.key);
});
