/**
 * A server as its users start it: a process of its own, on a free port, in a data folder that the test gives it.
 *
 * Whatever a test does, the process and its children end with it: it leads a process group, which is killed at the latest when the
 * test's own process ends. Where that is killed itself and cleans up nothing, the server ends by the closed channel, as it does below a
 * launcher; one that is started by another command lives on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = dirname(dirname(import.meta.dirname));
const START_MS_MAX = 60_000;

export interface ServerOptions {
  readonly data: string;
  /** Further arguments of `bide serve`. */
  readonly args?: readonly string[];
  /** `serve` unless told. */
  readonly verb?: 'serve' | 'dev';
  readonly cwd?: string;
  /** What stands before `serve`; the checkout's own launcher unless told. */
  readonly command?: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

/** `await using` ends it with its test, whether that passes or not. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  /** The admin key of the data folder. */
  readonly key: string;
  /** All that it has printed so far. */
  output(): string;
  /** What has been printed behind `from`, as soon as the pattern is in it. Rejects when the server ends without. */
  said(pattern: RegExp, from?: number): Promise<string>;
  /** Sends the signal to the whole group and resolves with the exit code, null when the signal ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

const groups = new Set<number>();
process.once('exit', () => {
  for (const pid of groups) kill(pid, 'SIGKILL');
});

/** Resolves when it listens; rejects with its output when it ends or says nothing for a minute instead. */
export async function startServer({
  data,
  args = [],
  cwd = data,
  verb = 'serve',
  command,
  env = {},
}: ServerOptions): Promise<ServerProcess> {
  const [program, ...before] = command ?? [process.execPath, join(ROOT, 'bin/bide.js')];
  const child = spawn(program, [...before, verb, '--port', '0', '--data', data, ...args], {
    cwd,
    env: { ...process.env, ...(command === undefined ? { BIDE_LAUNCHER_PID: String(process.pid) } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(command === undefined ? ['ipc' as const] : [])],
    detached: true,
  });
  child.channel?.unref();
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  const exit = once(child, 'exit').then(([code]) => {
    if (pid !== undefined) groups.delete(pid);
    return code as number | null;
  });
  const printed = { text: '' };
  const url = await listening(child, printed);
  const end = (signal: 'SIGTERM' | 'SIGKILL') => {
    if (pid !== undefined) kill(pid, signal);
    return exit;
  };
  return {
    url,
    key: readFileSync(join(data, 'admin.key'), 'utf8').trim(),
    output: () => printed.text,
    said: (pattern, from = 0) => saidBy(child, printed, { pattern, from }),
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

async function saidBy(
  child: ChildProcess,
  printed: { readonly text: string },
  { pattern, from }: { readonly pattern: RegExp; readonly from: number },
): Promise<string> {
  const late = AbortSignal.timeout(START_MS_MAX);
  for (;;) {
    const text = printed.text.slice(from);
    if (pattern.test(text)) return text;
    if (child.exitCode !== null || child.stdout === null) throw new Error(`${pattern} was never printed:\n${text}`);
    await once(child.stdout, 'data', { signal: late }).catch(() => {
      throw new Error(`${pattern} was not printed in time:\n${printed.text}`);
    });
  }
}

function listening(child: ChildProcess, printed: { text: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(START_MS_MAX);
    const fail = (why: string) => {
      if (child.pid !== undefined) kill(child.pid, 'SIGKILL');
      reject(new Error(`The server ${why}. It printed:\n${printed.text}`));
    };
    // Taken back once it listens: a test that takes longer than a start keeps its server.
    const failLate = () => fail('did not listen in time');
    const read = (chunk: Buffer) => {
      printed.text += chunk.toString();
      const url = /listening on (http:\/\/\S+)/.exec(printed.text)?.[1];
      if (url === undefined) return;
      late.removeEventListener('abort', failLate);
      resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    late.addEventListener('abort', failLate);
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended already.
  }
}
