/**
 * One program and all that it starts, as a process group that can be ended as a whole.
 *
 * The program leads a group of its own (`detached`), so a signal to the group reaches its children too. When the leader has
 * ended, by itself or not, whatever is left of the group is killed: no job leaves a process behind. A child that makes
 * a session of its own escapes; keeping that one would need a container. Should this process die first, the watchdog ends the group.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../engine/clock.ts';
import { watchdog } from './watchdog.ts';

/** A grandchild that escaped the group may hold stdout open for ever; past this the pipes are closed from our side. */
const PIPES_CLOSE_MS = 1_000;

export interface ProcessGroup {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** The end of program, group and pipes. `error` where it could not be started. */
  readonly ended: Promise<ProcessEnd>;
  /** SIGTERM to the group, SIGKILL after `graceMs`. Does nothing the second time. */
  stop(graceMs: number): void;
}

export type ProcessEnd =
  | { readonly kind: 'exited'; readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'notStarted'; readonly error: NodeJS.ErrnoException };

export function startGroup(
  program: string,
  args: readonly string[],
  { clock, cwd, env }: { clock: Clock; cwd: string; env: NodeJS.ProcessEnv },
): ProcessGroup {
  watchdog.start();
  const child = spawn(program, [...args], {
    cwd,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const { pid } = child;
  if (pid !== undefined) watchdog.add(pid);
  let isStopping = false;
  let hasExited = false;
  child.once('exit', () => {
    hasExited = true;
    signalGroup(pid, 'SIGKILL');
    if (pid !== undefined) watchdog.remove(pid);
    clock.after(PIPES_CLOSE_MS, () => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
  });
  return {
    child,
    ended: endOf(child),
    stop(graceMs) {
      if (isStopping || hasExited) return;
      isStopping = true;
      signalGroup(pid, 'SIGTERM');
      const cancelKill = clock.after(graceMs, () => signalGroup(pid, 'SIGKILL'));
      child.once('exit', cancelKill);
    },
  };
}

function endOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ kind: 'notStarted', error });
    });
    child.once('close', (exitCode, signal) => resolve({ kind: 'exited', exitCode, signal }));
  });
}

/** Nobody left in the group is the usual end; a process that changed its user cannot be signalled by anybody but root. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH or EPERM: nothing is left that could be done.
  }
}
