/**
 * `npm run check`: the one gate, under two minutes. Types, lint and format, generated pages, then layers and house rules, unit
 * tests, the store contract on SQLite and a short kill test. Everything runs, so that one look shows all that is wrong.
 *
 *   npm run check -- --no-tests   for whoever runs `npm test` as well, which has all of its tests
 */
import { parseArgs } from 'node:util';
import { isForCheck, testFiles } from './run/files.ts';
import { runTests } from './run/node-test.ts';
import { finish, report, reportTests } from './run/report.ts';
import { localProgram, runStep, type Step } from './run/step.ts';

const STATIC: readonly Step[] = [
  { name: 'types', command: localProgram('tsc'), args: [], deadlineMs: 60_000 },
  { name: 'types of the pages', command: localProgram('tsc'), args: ['-p', 'src/dashboard/ui'], deadlineMs: 60_000 },
  {
    name: 'lint and format',
    command: localProgram('biome'),
    args: ['check', '--error-on-warnings', '.'],
    deadlineMs: 60_000,
  },
  { name: 'generated pages', command: process.execPath, args: ['scripts/gen.ts', '--check'], deadlineMs: 60_000 },
];

for (const finished of await Promise.all(STATIC.map(runStep))) report(finished);

const { values } = parseArgs({ options: { 'no-tests': { type: 'boolean', default: false } } });
if (!values['no-tests']) {
  reportTests(
    await runTests({
      name: 'tests',
      files: testFiles().filter(isForCheck),
      env: { STORES: 'sqlite' },
      deadlineMs: 6 * 60_000,
      testDeadlineMs: 90_000,
    }),
  );
}

finish();
