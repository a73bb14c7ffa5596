/**
 * The process that owns a test's PostgreSQL server, and outlives the test by as long as the clean-up takes.
 *
 * A test run may be ended by SIGKILL and then cleans up nothing. So the server is a child of this process, which is tied to
 * the test by an IPC channel alone: the kernel closes that channel however the test ends, and then the server is stopped by
 * its pid, the folder is removed, and this process exits. It runs in a process group of its own, so that Ctrl-C in a
 * terminal reaches the test and not the server in mid-write.
 *
 * Rejected: a `finally` in the test (skipped by SIGKILL), and `pg_ctl` (daemonizes: nobody owns the server then).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface KeeperOrder {
  readonly binary: string;
  readonly folder: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  /** User and group to run as; null for the caller's own. */
  readonly account: { readonly uid: number; readonly gid: number } | null;
}

export type KeeperCommand =
  | { readonly kind: 'start'; readonly order: KeeperOrder }
  | { readonly kind: 'stop'; readonly mode: StopMode }
  /** Stop and remove the folder. */
  | { readonly kind: 'end' };

export type KeeperReply =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string };

/** smart waits for clients, fast disconnects them, immediate is a crash that needs recovery. */
export type StopMode = 'smart' | 'fast' | 'immediate';

const SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
/** Of connections, or of read-only ones. */
const READY = 'database system is ready to accept';
const LOG_KEPT_CHARS = 4_000;

let server: ChildProcess | null = null;
let folder: string | null = null;
let isEnding = false;

async function start(order: KeeperOrder): Promise<KeeperReply> {
  folder = order.folder;
  const settings = Object.entries(order.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(order.binary, ['-D', join(order.folder, 'data'), '-p', String(order.port), ...settings], {
    cwd: order.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...(order.account ?? {}),
  });
  server = child;
  const log = createWriteStream(join(order.folder, 'postgres.log'), { flags: 'a' });
  child.stderr?.pipe(log);
  return new Promise((resolve) => {
    let tail = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-LOG_KEPT_CHARS);
      if (tail.includes(READY)) resolve({ kind: 'started', pid: child.pid ?? 0 });
    });
    child.once('error', (error) => resolve({ kind: 'failed', message: error.message }));
    child.once('exit', () => {
      if (server === child) server = null;
      resolve({ kind: 'failed', message: tail });
    });
  });
}

async function stop(mode: StopMode): Promise<KeeperReply> {
  const child = server;
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(SIGNALS[mode]);
    await exited;
  }
  server = null;
  return { kind: 'stopped' };
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await stop('immediate');
  if (folder !== null) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  if (process.connected) process.disconnect();
  process.exit(0);
}

async function take(command: KeeperCommand): Promise<void> {
  if (command.kind === 'end') return end();
  const reply = command.kind === 'start' ? await start(command.order) : await stop(command.mode);
  if (process.connected) process.send?.(reply);
}

process.on('message', (message) => void take(message as KeeperCommand));
process.on('disconnect', () => void end());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());
