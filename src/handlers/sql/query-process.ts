/**
 * What runs in a query process: one query after another, each in a sandbox of its own.
 *
 * A process, not a thread, for four reasons: a query holds one of libuv's four pool threads until it is done, and those serve the
 * server's file and name lookups; DuckDB allocates some memory outside of its limit (`repeat('x', 1e9)` took 1 GB of 512 MiB); an
 * operator may ignore `interrupt()` for seconds; a crash of native code takes its process down. So a process that needs too
 * much or does not stop is killed, and with it nothing but its query. It has no environment, and so no secrets in it.
 */
import { getPriority, setPriority } from 'node:os';
import type { AttemptOutcome } from '../../engine/api.ts';
import { permanentFailure } from '../failed.ts';
import type { FromQueryProcess, QuerySetup, ToQueryProcess } from './messages.ts';
import type { QuerySession } from './query-session.ts';
import type { SqlInput } from './sql-input.ts';

const LOOK_MS = 100;
/** Node, DuckDB's code, and rows on their way into JSON. */
const OWN_MEMORY_MIB = 384;
const MIB = 1_024 * 1_024;
/** Gives way to the server under load, like handler threads. */
const NICE = 5;

let session: Promise<QuerySession> | null = null;
let memoryMax = Number.POSITIVE_INFINITY;
let running: AbortController | null = null;

setPriority(Math.min(19, getPriority() + NICE));
process.on('disconnect', end);
process.on('message', (message: ToQueryProcess) => {
  if (message.kind === 'setup') session = begin(message.setup);
  else if (message.kind === 'abort') running?.abort();
  else void take(message.input);
});

async function begin(setup: QuerySetup): Promise<QuerySession> {
  memoryMax = (setup.settings.memoryMib + OWN_MEMORY_MIB) * MIB + 4 * setup.resultBytesMax;
  const { querySession } = await import('./query-session.ts');
  return querySession(setup);
}

async function take(input: SqlInput): Promise<void> {
  const controller = new AbortController();
  running = controller;
  const look = setInterval(() => void session?.then(watch), LOOK_MS);
  try {
    const outcome = await (await session)?.run(input, controller.signal);
    say({ kind: 'ended', outcome: outcome ?? { kind: 'released' } });
  } catch (error) {
    giveUp(permanentFailure('SQL_FAILED', unusable(error)));
  } finally {
    clearInterval(look);
    running = null;
  }
}

let percentSaid = 0;

function watch(current: QuerySession): void {
  const percent = current.percent();
  if (percent > 0 && percent !== percentSaid) say({ kind: 'progress', percent });
  percentSaid = percent;
  if (process.memoryUsage.rss() <= memoryMax) return;
  giveUp(permanentFailure('SQL_FAILED', 'The query needs more memory than its type allows (memoryMib).'));
}

/** The session could not even be made: the one reason that is not a fault of Bide is a package that is not there. */
function unusable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND') return `DuckDB cannot be used: ${message}`;
  return 'Types of kind sql need DuckDB; install it: npm install @duckdb/node-api.';
}

function giveUp(outcome: AttemptOutcome): void {
  say({ kind: 'broken', outcome }, end);
}

function say(message: FromQueryProcess, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
}

/** SIGKILL, since an ordinary exit waits for the threads that run the query. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}
