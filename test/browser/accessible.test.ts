/** Models that every page can be read and used by everybody: no serious finding of axe, in light and in dark. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { openDashboard } from './browser-fixture.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RUN = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')))`;

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no page has a serious finding of axe in ${colorScheme}`, async () => {
    await using dashboard = await openDashboard();
    const { client } = dashboard;
    const { id } = await client.submit({ type: 'echo', input: { a: 1 }, tags: { team: 'x' } });
    const failed = await client.submit({ type: 'fail', input: {} }).catch(() => null);
    await client.wait(id);
    const group = await client.groups.create({
      jobs: [{ type: 'echo' }, { type: 'echo', limit: { key: 'k', concurrency: 1 } }],
    });
    await client.schedules.put('nightly', { cron: '@daily', job: { type: 'echo', input: 1 } });
    await client.wait((await client.schedules.run('nightly')).id);
    const page = await dashboard.signIn({ colorScheme, path: '/types' });
    const paths = [
      '/',
      '/jobs',
      '/jobs?view=failures',
      `/jobs/${id}`,
      '/types',
      '/types/echo',
      '/groups',
      `/groups/${group.id}`,
      '/limits',
      '/schedules',
      '/schedules/nightly',
      '/webhooks',
      '/keys',
      '/workers',
      '/audit',
      '/dialects',
    ];
    if (failed !== null) paths.push(`/jobs/${failed.id}`);
    const findings: string[] = [];
    for (const path of paths) {
      await page.goto(dashboard.url + path);
      await page.getByRole('main').getByRole('heading').first().waitFor();
      await page.evaluate(AXE);
      findings.push(...(await page.evaluate<string[]>(RUN)).map((finding) => `${path} ${finding}`));
    }
    const signedOut = await dashboard.visit(dashboard.url, { colorScheme });
    await signedOut.getByLabel('API key').waitFor();
    await signedOut.evaluate(AXE);
    findings.push(...(await signedOut.evaluate<string[]>(RUN)).map((finding) => `sign-in ${finding}`));
    assert.deepEqual(findings, []);
  });
}
