/** Which test files belong to which run. */
import { globSync } from 'node:fs';
import { ROOT } from './step.ts';

/** Needs a PostgreSQL server, which its tests bring along: too slow for every save. */
const POSTGRES = /^test\/.*postgres/;
/**
 * Starts whole programs (a process per query, a server, a browser, generators, a container, a build, a small benchmark), packs and installs the package, runs
 * the documents or the tests of another language, or plays demos: 3 to 50 s of CPU each.
 */
const SLOW =
  /^test\/((browser|deploy|dev|e2e|examples|openapi)\/|(docs|guides|new-dialect|pack|python|readme|reference)\.test\.ts$)|^src\/handlers\/sql\/sql\.test\.ts$|^bench\/quick\.test\.ts$/;
const FAULTS = /^test\/(postgres\/)?faults\//;
/** Random commands against an oracle: few in a check, many among the faults. */
const MODEL = /^test\/model\//;
/** The one fault test that `check` runs, with few rounds. */
const KILL = 'test/faults/kill.test.ts';

/** Those that take seconds come first: at the end, a long one would run alone while the other cores have nothing to do. */
export function testFiles(): readonly string[] {
  const ours = ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/{,report/}*.test.ts'];
  // Packages that a test has installed for itself bring tests of their own.
  const files = globSync(ours, { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort();
  return [...files.filter(isLong), ...files.filter((path) => !isLong(path))];
}

function isLong(path: string): boolean {
  return [POSTGRES, SLOW, FAULTS, MODEL].some((long) => long.test(path));
}

export function isForCheck(path: string): boolean {
  return path === KILL || !(POSTGRES.test(path) || SLOW.test(path) || FAULTS.test(path));
}

/** What `npm run test:faults` runs: everything that takes more rounds when BIDE_FAULTS is `full`. */
export function isFault(path: string): boolean {
  return FAULTS.test(path) || MODEL.test(path);
}

export function needsPostgres(path: string): boolean {
  return POSTGRES.test(path);
}
