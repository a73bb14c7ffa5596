/** The command line as its users call it: a process of its own, run to its end, with what it said and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';

const ROOT = dirname(dirname(import.meta.dirname));
export const BIDE = join(ROOT, 'bin/bide.js');
const CONNECTING = new Set(['BIDE_URL', 'BIDE_KEY', 'BIDE_ADMIN_KEY', 'BIDE_DATABASE']);
/** Kills a command that hangs, so that its test says so and not the runner's deadline. */
const RUN_MS_MAX = 150_000;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads on stdin; nothing when left out. */
  readonly input?: string;
  /** Stdin stays open, for the test to write to. */
  readonly isInputOpen?: boolean;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  /** The checkout's own unless told. */
  readonly launcher?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes of stdout, where it is no text. */
  readonly bytes: Buffer;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once stdout or stderr has said something that matches; rejects when it ends without. */
  said(pattern: RegExp): Promise<string>;
}

/** Runs to the end. */
export function bide(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return startBide(args, options).ended;
}

export function startBide(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  // What the machine of the developer is set up for must not reach a server of somebody else.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !CONNECTING.has(name)));
  const child = spawn(process.execPath, [...(options.node ?? []), options.launcher ?? BIDE, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...inherited, NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
    killSignal: 'SIGKILL',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  // A command that does not read its input may have ended before it is written.
  child.stdin?.on('error', () => {});
  if (options.isInputOpen !== true) child.stdin?.end(options.input ?? '');
  const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8');
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    return { code, signal, stdout: text(out), stderr: text(err), bytes: Buffer.concat(out) };
  });
  return {
    child,
    ended,
    said(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const all = text(out) + text(err);
          if (pattern.test(all)) resolve(all);
          return all;
        };
        child.stdout?.on('data', look);
        child.stderr?.on('data', look);
        child.once('close', () => reject(new Error(`It ended without saying ${pattern}:\n${look()}`)));
        look();
      });
    },
  };
}
