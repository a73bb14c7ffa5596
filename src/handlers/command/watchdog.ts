/**
 * Ends the programs of this process when the process itself has died without a chance to do so (`kill -9`, out of memory).
 *
 * 1. A shell, started before the first program and in a process group of its own, reads one line per start and end from a pipe: the
 *    number of the process group, with a sign.
 * 2. Only this process holds the other end. When it dies, however it dies, the kernel closes the pipe; the shell sees the end of
 *    its input, kills every group that has not ended, and ends.
 *
 * The line is written in the turn in which the program starts. A process that is killed within that turn leaves that one program.
 * `PR_SET_PDEATHSIG` was rejected: it reaches the program but not what that started, it follows the thread rather than the process,
 * and only Linux has it. A wrapper around each program was rejected: another process per job, and its exit code is not the program's.
 * Where there is no shell (Windows) nothing watches.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** `live` is a list with a space around each number. `kill` is the shell's own. */
const SCRIPT = `live=" "
while read -r sign group; do
  case $sign in
    +) live="$live$group " ;;
    -) case $live in *" $group "*) live="\${live%%" $group "*} \${live#*" $group "}" ;; esac ;;
  esac
done
for group in $live; do kill -KILL "-$group" 2>/dev/null; done`;

type Shell = ChildProcessByStdio<Writable, null, null>;

export class Watchdog {
  readonly #groups = new Set<number>();
  #shell: Shell | null = null;

  /** To be called before a program is started, so that its line waits for nothing. */
  start(): void {
    if (this.#shell === null) this.#start();
  }

  add(group: number): void {
    this.#groups.add(group);
    this.#say(`+ ${group}`);
  }

  remove(group: number): void {
    this.#groups.delete(group);
    this.#say(`- ${group}`);
  }

  #start(): void {
    if (process.platform === 'win32') return;
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    // Without descriptors for it there is no shell now; the next program tries again.
    if (shell.pid === undefined) {
      shell.on('error', nothing);
      return;
    }
    this.#shell = shell;
    shell.stdin.on('error', nothing);
    shell.on('error', nothing);
    // Ended from outside: the next program starts another one, which is told of all that run.
    shell.once('exit', () => {
      if (this.#shell === shell) this.#shell = null;
    });
    shell.unref();
    (shell.stdin as Socket).unref();
    for (const group of this.#groups) this.#say(`+ ${group}`);
  }

  #say(line: string): void {
    this.#shell?.stdin.write(`${line}\n`);
  }
}

function nothing(): void {}

/** One for the whole process, since the end of the process is what it watches for. */
export const watchdog = new Watchdog();
