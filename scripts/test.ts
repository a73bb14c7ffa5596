/**
 * `npm test`: every quick test, on SQLite and PostgreSQL, end to end, and a quick set of faults.
 *
 *   npm test -- src/engine test/e2e    only test files whose path begins like this
 *   npm test -- --only sqlite          only what needs no PostgreSQL (the same as STORES=sqlite npm test)
 *   npm run test:faults                the full set of faults, file after file: some twenty minutes
 */
import { parseArgs } from 'node:util';
import { findChromium } from '../test/browser/chromium.ts';
import { runFaults } from './run/faults.ts';
import { isFault, needsPostgres, testFiles } from './run/files.ts';
import { runTests } from './run/node-test.ts';
import { finish, reportTests } from './run/report.ts';

const { values, positionals } = parseArgs({
  options: { only: { type: 'string' }, faults: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const stores = (values.only ?? process.env.STORES ?? 'sqlite,postgres').split(',');
const unknown = stores.filter((store) => store !== 'sqlite' && store !== 'postgres');
if (unknown.length > 0) {
  console.error(`There is no store named ${unknown.join(', ')}; choose sqlite, postgres or both with a comma between.`);
  process.exit(2);
}

/** Everything runs on a machine of CI; a newcomer's first look does not fail for want of a browser, but says what is missing. */
const hasBrowser = process.env.CI !== undefined || isFound();
const files = testFiles()
  .filter((path) => hasBrowser || !path.startsWith('test/browser/'))
  .filter((path) => !values.faults || isFault(path))
  .filter((path) => stores.includes('postgres') || !needsPostgres(path))
  .filter((path) => stores.includes('sqlite') || needsPostgres(path))
  .filter(
    (path) => positionals.length === 0 || positionals.some((start) => path.startsWith(start.replace(/^\.\//, ''))),
  );

function isFound(): boolean {
  try {
    return findChromium() !== '';
  } catch (error) {
    console.error(`NOT TESTED: the dashboard in a browser. ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

console.log(`${files.length} test files, stores: ${stores.join(' and ')}${values.faults ? ', all faults' : ''}`);
const env = { STORES: stores.join(','), BIDE_FAULTS: values.faults ? 'full' : 'quick' };
reportTests(
  values.faults
    ? await runFaults(files, env)
    : await runTests({ name: 'tests', files, env, deadlineMs: 20 * 60_000, testDeadlineMs: 3 * 60_000 }),
);
finish();
