/**
 * What runs in a handler thread: many asynchronous jobs of the modules it was given, each until it ends by itself or is told to.
 *
 * An error that belongs to no handler's promise (a forgotten `await`, an 'error' event without a listener) and `process.exit` bring
 * the thread down; the async context tells which run did it, and that place is left in shared memory for the main thread.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { AbortReason, AttemptOutcome, ParentJob } from '../../engine/api.ts';
import { withTraceActive } from '../../trace/open-span.ts';
import { describeThrown } from '../function/describe-thrown.ts';
import { abortErrorOf, type Call, type FunctionHandler } from '../function/job-context.ts';
import { runFunction } from '../function/run-function.ts';
import { openSnapshot } from '../module-snapshot.ts';
import { resolveOwnPackage } from '../own-package.ts';
import { functionOf } from './function-of.ts';
import { type FromThread, type ParentsAnswer, sharedTable, type ThreadSetup, type ToThread } from './messages.ts';
import { outbox } from './outbox.ts';

interface Run {
  readonly number: number;
  readonly place: number;
  readonly controller: AbortController;
  /** Asked for and not answered yet. */
  parents: PromiseWithResolvers<readonly ParentJob[]> | null;
}

if (parentPort === null) throw new Error('This module runs in a worker thread only.');
const port = parentPort;
const { modules, limits, shared } = workerData as ThreadSetup;
const table = sharedTable(shared);
const out = outbox<FromThread>((messages, transfer) => port.postMessage(messages, transfer));
const runs = new Map<number, Run>();
type RunMessage = Extract<ToThread, { kind: 'run' }>;

const context = new AsyncLocalStorage<Run>();
const exit = process.exit.bind(process);

/**
 * Handlers give way to the thread that answers requests when there are more of them than cores: it then gets three quarters of a
 * core that it shares with one. On Linux a priority is a thread's; elsewhere this would slow the whole server.
 */
const NICE = 5;
if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + NICE));

/** Ends this thread because of `thrown`. */
function breakDown(thrown: unknown): void {
  blameCurrentRun();
  out.push({ kind: 'broken', message: describeThrown(thrown) });
  out.flush();
  exit(1);
}

function blameCurrentRun(): void {
  const run = context.getStore();
  // A run that has ended left its place to another one.
  if (run !== undefined) table.blame(runs.has(run.number) ? run.place : 'nobody');
}

process.on('uncaughtException', breakDown);
process.on('unhandledRejection', breakDown);
process.exit = (code) => {
  blameCurrentRun();
  out.push({ kind: 'broken', message: `The handler called process.exit(${code ?? ''}).` });
  out.flush();
  return exit(code);
};

resolveOwnPackage();
for (const { snapshot } of modules) if (snapshot !== undefined) openSnapshot(snapshot);
try {
  const exported = await Promise.all(modules.map(async ({ url }) => (await import(url)) as Record<string, unknown>));
  const functionIn = (moduleIndex: number, type: string) =>
    functionOf(exported[moduleIndex]?.[modules[moduleIndex]?.exportName ?? ''], type);
  port.on('message', (messages: readonly ToThread[]) => {
    for (const message of messages) receive(message, functionIn);
  });
  out.push({ kind: 'ready' });
} catch (error) {
  const { code } = Object(error) as { code?: unknown };
  out.push({ kind: 'unusable', message: describeThrown(error), code: typeof code === 'string' ? code : null });
  out.flush();
  exit(1);
}

/**
 * Each run begins in a turn of its own, or nearly: all these immediates share one phase of the event loop, with the promises of one run
 * settled before the next begins. A run that then computes for ever holds up those only that had begun before it.
 */
function receive(message: ToThread, functionIn: (moduleIndex: number, type: string) => FunctionHandler | null): void {
  if (message.kind === 'abort') fire(runs.get(message.run), message.reason);
  else if (message.kind === 'parents') tellParents(runs.get(message.run), message.answer);
  else if (message.kind === 'ping') setImmediate(() => out.push({ kind: 'pong', ping: message.ping }));
  else setImmediate(take, message, functionIn);
}

function take(message: RunMessage, functionIn: (moduleIndex: number, type: string) => FunctionHandler | null): void {
  if (table.start(message.place)) void begin(message, functionIn(message.moduleIndex, message.facts.type));
}

function fire(run: Run | undefined, reason: AbortReason): void {
  if (run !== undefined && !run.controller.signal.aborted) run.controller.abort(abortErrorOf(reason));
}

function tellParents(run: Run | undefined, answer: ParentsAnswer): void {
  if (answer.kind === 'read') run?.parents?.resolve(answer.parents);
  else run?.parents?.reject(new Error(answer.message));
  if (run !== undefined) run.parents = null;
}

async function begin(message: RunMessage, handler: FunctionHandler | null): Promise<void> {
  const run: Run = { number: message.run, place: message.place, controller: new AbortController(), parents: null };
  runs.set(run.number, run);
  const missing: FunctionHandler = () => {
    throw new Error(`The config as this thread loaded it has no function for the type ${message.facts.type}.`);
  };
  const call = callOf(run, message);
  const traced = () => withTraceActive(message.facts.trace, () => runFunction(handler ?? missing, call, limits));
  const outcome = await context.run(run, traced);
  runs.delete(run.number);
  sayEnded(run.number, outcome);
}

function callOf(run: Run, { facts, input }: RunMessage): Call {
  /** Looks into shared memory first: a loop that never returns to the event loop sees its signal fire all the same. */
  const look = () => {
    const reason = table.abortReason(run.place);
    if (reason !== null && runs.has(run.number)) fire(run, reason);
    return run.controller.signal;
  };
  let hasSpoken = false;
  const say = (line: FromThread) => {
    if (runs.has(run.number)) out.push(line);
    // The first word tells that the work has begun, and no later turn may ever come.
    if (!hasSpoken) out.flush();
    hasSpoken = true;
    look();
  };
  return {
    facts,
    input,
    get signal() {
      return look();
    },
    report: (percent, text) =>
      say({ kind: 'report', run: run.number, percent, ...(text === undefined ? {} : { message: text }) }),
    log: (line, level, fields) => say({ kind: 'log', run: run.number, line, level, fields }),
    parents() {
      if (run.parents === null) {
        run.parents = Promise.withResolvers();
        // Without an `await` in the handler a failure would bring the thread down.
        run.parents.promise.catch(() => {});
        say({ kind: 'parents', run: run.number });
      }
      return run.parents.promise;
    },
    emit: (chunk) => say({ kind: 'emit', run: run.number, chunk }),
  };
}

function sayEnded(run: number, outcome: AttemptOutcome): void {
  if (outcome.kind !== 'succeeded' || outcome.result === null) {
    out.push({ kind: 'ended', run, outcome });
    return;
  }
  // A copy, since what is handed over is gone for the handler, and a Buffer is often a window on a pool that others use.
  const bytes = new Uint8Array(outcome.result.bytes);
  const result = { contentType: outcome.result.contentType, bytes };
  out.push({ kind: 'ended', run, outcome: { kind: 'succeeded', result } }, bytes.buffer);
}
