/**
 * One step of a check: a child process whose output is kept and shown only where it matters.
 *
 * A step has a deadline, after which its whole process group is killed: a test that hangs must fail a check, not stall it. The
 * children of an interrupted check go with it for the same reason.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export const ROOT = dirname(dirname(import.meta.dirname));

export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly deadlineMs: number;
  /** Given each line that the program writes on descriptor 3, at once. */
  readonly onLine?: (line: string) => void;
}

export interface Finished {
  readonly step: Step;
  readonly isOk: boolean;
  readonly isOverdue: boolean;
  readonly durationMs: number;
  readonly output: string;
}

const running = new Set<ChildProcess>();

export function runStep(step: Step): Promise<Finished> {
  const startedAt = performance.now();
  const child = spawn(step.command, step.args, {
    cwd: ROOT,
    env: { ...process.env, ...step.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(step.onLine === undefined ? [] : ['pipe' as const])],
    detached: true,
  });
  running.add(child);
  if (step.onLine !== undefined) createInterface(child.stdio[3] as Readable).on('line', step.onLine);
  let isOverdue = false;
  const deadline = setTimeout(() => {
    isOverdue = true;
    killGroup(child);
  }, step.deadlineMs);
  const chunks: Buffer[] = [];
  const keep = (chunk: Buffer) => void chunks.push(chunk);
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return new Promise((resolve) => {
    const finish = (isOk: boolean) => {
      clearTimeout(deadline);
      running.delete(child);
      const output = Buffer.concat(chunks).toString();
      resolve({ step, isOk: isOk && !isOverdue, isOverdue, durationMs: performance.now() - startedAt, output });
    };
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${step.command} could not be started: ${error.message}\n`));
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
}

/** A program of `node_modules/.bin`, so that a check never runs what happens to be installed on the machine. */
export function localProgram(name: string): string {
  return join(ROOT, 'node_modules', '.bin', name);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself just now.
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(130);
  });
}
