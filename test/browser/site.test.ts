/**
 * The site of the docs in a browser that has no network: it is given the files that `npm run docs` made, below a path, as any static server would, and
 * every other request fails the test. Nothing scrolls sideways on a desk or a phone, search finds what is there, and no page has a serious finding of axe.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { ROOT } from '../tidy/tree.ts';
import { startChromium } from './chromium.ts';

const BASE = 'http://site.test/below/a-path/';
const DIST = join(ROOT, 'site/dist');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RUN_AXE = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')))`;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const PAGES = ['', 'getting-started.html', 'features/unique.html', 'reference/api/jobs.html', 'reference/errors.html'];

let browser: Browser;

before(async () => {
  const args = [join(ROOT, 'scripts/docs.ts'), '--base', '/below/a-path/'];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 16_000_000 }).catch(
    ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => assert.fail(`${stdout}\n${stderr}`),
  );
  browser = await startChromium();
});

after(() => browser?.close());

interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** What was asked of others, what was missing, and what the console said. */
  readonly faults: string[];
}

async function visit(width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  await page.route('**', async (route) => {
    const url = route.request().url();
    const { pathname } = new URL(url);
    const file = join(DIST, url.startsWith(BASE) ? pathname.slice('/below/a-path/'.length) || 'index.html' : 'none');
    if (url.startsWith(BASE) && existsSync(file))
      return route.fulfill({ body: readFileSync(file), contentType: TYPES[extname(file)] ?? 'text/plain' });
    faults.push(`asked for ${url}`);
    return route.fulfill({ status: 404, contentType: 'text/html', body: readFileSync(join(DIST, '404.html')) });
  });
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}

/** The page as it is once its scripts run. */
async function open({ page }: Visit, path: string): Promise<void> {
  await page.goto(BASE + path, { waitUntil: 'networkidle' });
  await page.getByRole('heading', { level: 1 }).first().waitFor();
}

describe('the site of the docs, without a network', () => {
  for (const width of [1280, 400]) {
    test(`does not scroll sideways at ${width} pixels, and says nothing in the console`, async () => {
      await using visited = await visit(width);
      for (const path of PAGES) {
        await open(visited, path);
        const wide = await visited.page.evaluate<number>('document.documentElement.scrollWidth');
        assert.equal(wide, width, path);
      }
      assert.deepEqual(visited.faults, []);
    });
  }

  test('finds a word by its search', async () => {
    await using visited = await visit(1280);
    const { page } = visited;
    await open(visited, '');
    await page.getByRole('button', { name: 'Search' }).first().click();
    await page.getByRole('searchbox').fill('debounce');
    const found = page.getByRole('listbox').getByRole('option');
    await found.filter({ hasText: 'Only the newest' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Only the newest' }).waitFor();
    assert.deepEqual(visited.faults, []);
  });

  test('leads from room to room, shows a call in Python, and copies it', async () => {
    await using visited = await visit(1280);
    const { page } = visited;
    await open(visited, 'getting-started.html');
    await page.getByRole('navigation', { name: 'Main Navigation' }).getByRole('link', { name: 'API' }).click();
    await page.getByRole('heading', { level: 1, name: /^API/ }).waitFor();
    await page.getByRole('link', { name: 'Submit a job', exact: true }).click();
    const call = page.locator('.vp-code-group').first();
    await call.getByText('Python', { exact: true }).click();
    const block = call.locator('div.language-python');
    await block.hover();
    await block.locator('button.copy').click();
    await block.locator('button.copy.copied').waitFor();
    const sidebar = page.getByRole('navigation', { name: 'Sidebar Navigation' });
    await sidebar.getByRole('link', { name: 'Only the newest' }).click();
    await page.getByRole('heading', { level: 1, name: 'Only the newest' }).waitFor();
    assert.deepEqual(visited.faults, []);
  });

  test('has a menu on a phone', async () => {
    await using visited = await visit(400);
    const { page } = visited;
    await open(visited, 'features/unique.html');
    await page.getByRole('button', { name: 'Menu', exact: true }).click();
    await page.getByRole('navigation', { name: 'Sidebar Navigation' }).getByRole('link', { name: 'Concepts' }).click();
    await page.getByRole('heading', { level: 1, name: 'Concepts' }).waitFor();
    assert.deepEqual(visited.faults, []);
  });

  test('says that a page is not there, and leads to the start', async () => {
    await using visited = await visit(1280);
    await visited.page.goto(`${BASE}features/none.html`, { waitUntil: 'networkidle' });
    await visited.page.getByText('No such page').waitFor();
    const start = visited.page.getByRole('link', { name: 'To the start' });
    assert.equal(await start.getAttribute('href'), '/below/a-path/');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`has no serious finding of axe in ${colorScheme}`, async () => {
      await using visited = await visit(1280, colorScheme);
      const findings: string[] = [];
      for (const path of ['', 'features/unique.html', 'reference/api/keys.html']) {
        await open(visited, path);
        await visited.page.evaluate(AXE);
        findings.push(...(await visited.page.evaluate<string[]>(RUN_AXE)).map((finding) => `${path} ${finding}`));
      }
      assert.deepEqual(findings, []);
    });
  }
});
