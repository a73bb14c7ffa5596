/**
 * One process of a cluster, as an operator starts it: `bide serve` or `bide work`, leading a process group of its own, which is
 * killed at the latest when the test's own process ends. Where that is killed itself and cleans up nothing, the process ends by
 * the closed channel, as it does below a launcher.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';

const ROOT = dirname(dirname(import.meta.dirname));
const START_MS_MAX = 60_000;

export interface BideProcess {
  readonly name: string;
  readonly pid: number;
  /** Empty for a worker. */
  readonly url: string;
  /** All that it has printed so far, on stdout and stderr. */
  output(): string;
  /** To the process alone; it lives on where the signal lets it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  /** To its whole group; resolves with the exit code, null when the signal ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

export interface ProcessOrder {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** What its machine's clock is ahead by; behind where negative. */
  readonly skewMs?: number;
}

const groups = new Set<number>();
process.once('exit', () => {
  for (const pid of groups) sendTo(-pid, 'SIGKILL');
});

/** Resolves when it says that it is ready; rejects with its output when it ends or says nothing for a minute instead. */
export async function startProcess({ name, args, cwd, skewMs = 0 }: ProcessOrder): Promise<BideProcess> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/bide.js'), ...args], {
    cwd,
    env: {
      ...process.env,
      ...{ NO_COLOR: '1', BIDE_LAUNCHER_PID: String(process.pid) },
      ...(skewMs === 0 ? {} : { NODE_OPTIONS: skewed(skewMs) }),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  child.channel?.unref();
  const pid = child.pid ?? 0;
  groups.add(pid);
  const exit = once(child, 'exit').then(([code]) => {
    groups.delete(pid);
    return code as number | null;
  });
  const printed = { text: '' };
  const url = await ready(child, printed).catch((error: unknown) => {
    sendTo(-pid, 'SIGKILL');
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}\n${printed.text}`);
  });
  return {
    name,
    pid,
    url,
    output: () => printed.text,
    signal: (signal) => sendTo(pid, signal),
    end(signal) {
      sendTo(-pid, signal);
      return exit;
    },
  };
}

/** Loads, before anything else and in every thread, a clock that is wrong by so much. */
function skewed(ms: number): string {
  const code = `const now=Date.now;Date.now=()=>now()+(${ms});globalThis.Date=class extends Date{constructor(...a){a.length?super(...a):super(Date.now())}}`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

function ready(child: ChildProcess, printed: { text: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(START_MS_MAX);
    late.addEventListener('abort', () => reject(new Error('it was not ready in time')), { once: true });
    const read = (chunk: Buffer) => {
      printed.text += chunk.toString();
      const line = /^(?:working|listening on (http:\/\/\S+))$/m.exec(printed.text);
      if (line !== null) resolve(line[1] ?? '');
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)));
  });
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
