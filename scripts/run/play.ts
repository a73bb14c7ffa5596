/**
 * Plays test files, in the order in which they are given: what `node --test` does, which sorts them by name. Small ones share a process.
 * Prints what the spec reporter says and then the files that took longest. What happens is told on descriptor 3 as well.
 */
import { createWriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { type EventData, run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlesOf, entriesOf } from './bundles.ts';
import type { PlayEvent } from './play-event.ts';

const SLOWEST = 10;
const SLOW_MS = 2_000;

const { values, positionals: files } = parseArgs({
  options: {
    concurrency: { type: 'string' },
    timeout: { type: 'string' },
  },
  allowPositionals: true,
});

const listener = createWriteStream('', { fd: 3 });
const tell = (event: PlayEvent) => void listener.write(`${JSON.stringify(event)}\n`);
const tookMs = new Map<string, number>();

const bundles = bundlesOf(files);
const entries = entriesOf(bundles);
const filesOf = new Map(entries.map((entry, index) => [resolve(entry), bundles[index]?.files.join(', ') ?? entry]));
const played = run({
  ...{ files: [...entries], concurrency: Number(values.concurrency), timeout: Number(values.timeout) },
  execArgv: ['--import', pathToFileURL(join(import.meta.dirname, 'end-of-file.js')).href],
});
played.on('test:dequeue', ({ name }) => tellProcess(name, true));
played.on('test:complete', ({ name, details }) => {
  if (files.includes(name)) tookMs.set(name, details.duration_ms);
  tellProcess(name, false);
});
played.on('test:pass', (test) => tellTest(test, true));
played.on('test:fail', (test) => {
  process.exitCode = 1;
  tellTest(test, false);
});
played.on('test:diagnostic', ({ message, file }) => {
  if (file !== undefined) tell({ kind: 'note', message });
});
played.compose(spec).pipe(process.stdout, { end: false });
played.once('end', () => {
  listener.end();
  process.once('exit', () => process.stdout.write(slowest()));
});

function tellTest({ name, nesting, details }: EventData.TestPass | EventData.TestFail, isOk: boolean): void {
  if (nesting === 0) tell({ kind: 'test', name, isOk, ms: details.duration_ms });
}

/** Node calls the process of a file by its path. */
function tellProcess(name: string, isOpen: boolean): void {
  const named = filesOf.get(resolve(name));
  if (named !== undefined) tell({ kind: 'process', files: named, isOpen });
}

function slowest(): string {
  const ordered = [...tookMs].filter(([, ms]) => ms >= SLOW_MS).sort(([, a], [, b]) => b - a);
  return ordered
    .slice(0, SLOWEST)
    .map(([name, ms]) => `ℹ ${(ms / 1_000).toFixed(1)} s ${name}\n`)
    .join('');
}
