/**
 * Writes what is made from tables in the code: pages of `docs/`, the hashes of the migrations, and the patterns that are linear. `--check` writes nothing and
 * fails where one of them is out of date, so that no table changes without its page.
 *
 * To add a page: a function in `scripts/gen/` that returns its text, and a line in `PAGES`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { apiPages } from './gen/api/page.ts';
import { benchPages } from './gen/bench.ts';
import { cliPage } from './gen/cli.ts';
import { dialectsPage } from './gen/dialects.ts';
import { errorsPage } from './gen/errors.ts';
import { lifecyclePage } from './gen/lifecycle.ts';
import { limitsPage } from './gen/limits.ts';
import { metricsPage } from './gen/metrics.ts';
import { HASHES_PATH, migrationsPage } from './gen/migrations.ts';
import { openApiDocument } from './gen/openapi-document.ts';
import { LINEAR_PATH, patternsPage } from './gen/patterns.ts';
import { pythonModelsPage } from './gen/python-models.ts';
import { pythonSyncPages } from './gen/python-sync.ts';

const ROOT = dirname(import.meta.dirname);

const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/lifecycle.md': lifecyclePage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/limits.md': limitsPage,
  'docs/reference/cli.md': cliPage,
  'docs/reference/metrics.md': metricsPage,
  'docs/dialects/index.md': dialectsPage,
  [HASHES_PATH]: migrationsPage,
  ...benchPages(),
  'clients/python/src/bide/models.py': async () => pythonModelsPage(await openApiDocument()),
  ...pythonSyncPages(),
  ...(await apiPages()),
  [LINEAR_PATH]: patternsPage,
};

const isCheck = process.argv.includes('--check');
const stale: string[] = [];

for (const [path, page] of Object.entries(PAGES)) {
  const text = await page();
  if (text === (await textOf(path))) continue;
  stale.push(path);
  if (isCheck) continue;
  await mkdir(join(ROOT, dirname(path)), { recursive: true });
  await writeFile(join(ROOT, path), text);
}

if (isCheck && stale.length > 0) {
  console.error(`Out of date: ${stale.join(', ')}. Run \`npm run gen\` and commit what it writes.`);
  process.exitCode = 1;
} else {
  const done = isCheck ? 'in step with the code' : stale.length === 0 ? 'unchanged' : `wrote ${stale.join(', ')}`;
  console.log(`${Object.keys(PAGES).length} generated pages: ${done}`);
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(join(ROOT, path), 'utf8');
  } catch {
    return null;
  }
}
