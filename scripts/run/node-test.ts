/** Runs test files with Node's own runner and says what came of it: the failures, the notes and the closing lines. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { PlayEvent, TestEvent } from './play-event.ts';
import { type Finished, ROOT, runStep, type Step } from './step.ts';

/** A busy or slow machine needs longer for the same work: `BIDE_PATIENCE=3` triples every deadline. */
const PATIENCE = Number(process.env.BIDE_PATIENCE ?? 1);

export interface TestRun {
  readonly name: string;
  readonly files: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For the whole run. */
  readonly deadlineMs: number;
  /** For one test. A file has none of its own, see `end-of-file.js`. */
  readonly testDeadlineMs: number;
  /** Files at once; one more than there are cores when left out, since many tests wait for something. */
  readonly concurrency?: number;
  readonly onEvent?: (event: TestEvent) => void;
}

/** The one that the launcher uses: stripping types is half of the CPU of a test file that loads the server. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/bide');

export interface Tested {
  readonly isOk: boolean;
  readonly text: string;
}

export async function runTests(run: TestRun): Promise<Tested> {
  if (run.files.length === 0) return { isOk: false, text: 'No test file was found.' };
  const open = new Map<string, number>();
  const finished = await runStep(stepOf(run, open));
  return summaryOf(finished, run.files.length, open);
}

/** @param open filled with the files that run, and since when */
function stepOf(run: TestRun, open: Map<string, number>): Step {
  const { name, files, env = {}, onEvent } = run;
  const args = [
    join(import.meta.dirname, 'play.ts'),
    `--timeout=${Math.ceil(run.testDeadlineMs * PATIENCE)}`,
    `--concurrency=${run.concurrency ?? availableParallelism() + 1}`,
    ...files,
  ];
  return {
    ...{ name, args, command: process.execPath, deadlineMs: run.deadlineMs * PATIENCE },
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    onLine(line) {
      const event = JSON.parse(line) as PlayEvent;
      if (event.kind !== 'process') onEvent?.(event);
      else if (event.isOpen) open.set(event.files, performance.now());
      else open.delete(event.files);
    },
  };
}

/** Exported for its test: a run in which nothing ran has not passed, whatever its exit code says. */
export function summaryOf(
  { isOk, isOverdue, output, step }: Finished,
  files: number,
  open: ReadonlyMap<string, number> = new Map(),
): Tested {
  const closing = output.split('\n').filter((line) => /^\s*ℹ /.test(line));
  const tests = Number(/^ℹ tests (\d+)$/m.exec(output)?.[1] ?? 0);
  const failures = output.indexOf('✖ failing tests:');
  const lines = [...closing];
  if (failures !== -1) lines.push(...strayLines(output.slice(0, failures)), '', output.slice(failures).trimEnd());
  else if (!isOk) lines.push('', brokenOff(output));
  if (isOverdue) lines.push('', overdue(output, step.deadlineMs), ...stillOpen(open));
  const isEmpty = tests < files;
  if (isEmpty && !isOverdue) lines.push('', `${tests} tests ran in ${files} files: some file has no test.`);
  return { isOk: isOk && !isEmpty, text: lines.join('\n') };
}

/** A run that a busy machine made late looks like one that is broken: says which of the two it was, and what to do. */
function overdue(output: string, deadlineMs: number): string {
  const failed = output.split('\n').filter((line) => /^\s*✖/.test(line)).length;
  const state = failed === 0 ? 'nothing had failed until then' : `${failed} tests had failed until then`;
  const way = `On a slow or busy machine give it longer: BIDE_PATIENCE=${PATIENCE * 3} npm test, or run a part: npm test -- src/engine.`;
  return `The run took longer than ${deadlineMs / 1_000} s and was stopped; ${state}. ${way}`;
}

/** The longest first: a file that hangs stands before those that had just begun. */
function stillOpen(open: ReadonlyMap<string, number>): readonly string[] {
  const ages = [...open].sort(([, a], [, b]) => a - b);
  return ages.map(
    ([file, since]) => `Not at its end after ${((performance.now() - since) / 1_000).toFixed(0)} s: ${file}`,
  );
}

/** Of a run that was stopped or fell over, and so has no list of failures: the tests that had failed, and where it was. */
function brokenOff(output: string): string {
  const all = output.trimEnd().split('\n');
  const failed = all.slice(0, -40).filter((line) => /^\s*✖/.test(line));
  return [...failed, '…', ...all.slice(-40)].join('\n');
}

/** What the test files printed themselves: where one could not even be loaded, this is all that says why. */
function strayLines(output: string): readonly string[] {
  const stray = output.split('\n').filter((line) => line.trim() !== '' && !/^\s*[✔✖▶ℹ﹣]/.test(line));
  return stray.length === 0 ? [] : ['', 'Printed by the tests:', ...stray.slice(-60)];
}
