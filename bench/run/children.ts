/**
 * Processes that a run starts. Each has a deadline to answer or to be ready by, and all of them end with the run, however that ends:
 * by itself, by an error or by a signal. What would outlive a `kill -9` of the run holds a pipe to it and ends when that closes.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of a process that failed, so much of what it printed is looked at. */
const KEPT_CHARACTERS = 4_000;
const TOLD_CHARACTERS = 300;
const END_MS = 20_000;
/** Bide runs from its sources here. Without their types from a cache, threads would strip them during the measurement: what is installed has none. */
const CODE_CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'bide');

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningChild {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What the pattern of readiness found. */
  readonly ready: RegExpExecArray;
  end(): Promise<void>;
}

const alive = new Set<ChildProcess>();
let root: string | null = null;

/** An empty folder, removed with all others when the run ends. */
export function freshFolder(name: string): string {
  root ??= mkdtempSync(join(tmpdir(), 'bide-bench-'));
  const parent = join(root, name.replaceAll(/[^a-z0-9]+/gi, '-'));
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'r-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs to the end and resolves with stdout. Rejects with what it printed when it fails or takes too long. */
export async function runToEnd(command: Command, deadlineMs: number): Promise<string> {
  const child = start(command, ['ignore', 'pipe', 'pipe']);
  const printed = collect(child);
  let isOverdue = false;
  const timer = setTimeout(() => {
    isOverdue = true;
    kill(child);
  }, deadlineMs);
  try {
    const [code] = await once(child, 'close');
    if (isOverdue) throw new Error(`no answer within ${Math.round(deadlineMs / 1_000)} s`);
    if (code !== 0) throw new Error(complaintIn(printed.err) || `exit code ${code}`);
    return printed.out;
  } finally {
    clearTimeout(timer);
  }
}

/** Starts what goes on; resolves when it has printed what `ready` matches. Its stdin closes with this process. */
export async function startChild(
  command: Command,
  { ready, deadlineMs, hasChannel = false }: { ready: RegExp; deadlineMs: number; hasChannel?: boolean },
): Promise<RunningChild> {
  const child = start(command, hasChannel ? ['pipe', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe']);
  const printed = collect(child);
  try {
    const found = await readiness(child, printed, ready, deadlineMs);
    return { process: child, pid: child.pid ?? 0, ready: found, end: () => endOf(child) };
  } catch (error) {
    kill(child);
    throw error;
  }
}

function readiness(child: ChildProcess, printed: Printed, ready: RegExp, deadlineMs: number): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('was not ready in time')), deadlineMs);
    child.stdout?.on('data', () => {
      const match = ready.exec(printed.out);
      if (match === null) return;
      clearTimeout(timer);
      resolve(match);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(complaintIn(printed.err) || `ended with ${code} before it was ready`));
    });
  });
}

/** A program that knows nothing of us: a shell ends it when our end of its stdin is gone. */
export function guarded({ program, args, ...rest }: Command): Command {
  const script = '"$@" <&- & pid=$!; read -r _; kill -TERM $pid; wait $pid';
  return { program: 'sh', args: ['-c', script, 'sh', program, ...args], ...rest };
}

function start({ program, args, cwd, env }: Command, stdio: NonNullable<SpawnOptions['stdio']>): ChildProcess {
  const place = cwd === undefined ? {} : { cwd };
  const cache = { NODE_COMPILE_CACHE: CODE_CACHE };
  const child = spawn(program, args, { ...place, env: { ...process.env, ...cache, ...env }, stdio, detached: true });
  alive.add(child);
  child.once('close', () => alive.delete(child));
  return child;
}

interface Printed {
  out: string;
  err: string;
}

function collect(child: ChildProcess): Printed {
  const printed: Printed = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    printed.out += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    printed.err = (printed.err + chunk).slice(-KEPT_CHARACTERS);
  });
  child.on('error', (error) => {
    printed.err = error.message;
  });
  return printed;
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.stdin?.end();
  if (child.connected) child.kill('SIGTERM');
  const timer = setTimeout(() => kill(child), END_MS);
  await gone;
  clearTimeout(timer);
}

/** The line that names an error says more than the frames below it. */
function complaintIn(text: string): string {
  const lines = text.trim().split('\n');
  const line = lines.find((one) => /error/i.test(one)) ?? lines.at(-1) ?? '';
  return line.trim().slice(0, TOLD_CHARACTERS);
}

function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    // The whole group: a shell and what it guards.
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself just now.
  }
}

process.once('exit', () => {
  for (const child of alive) kill(child);
  if (root !== null) removeFolder(root);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
