/** The real server, as a person starts it: `bide serve` with the example config, on a free port, in a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** Loading the config, the handler threads and DuckDB takes a second or two; a minute is a machine in trouble. */
const START_MS = 60_000;
const STOP_MS = 30_000;

export interface DemoServer {
  readonly url: string;
  /** The admin key that the first start makes. */
  readonly key: string;
  /** What the server wrote to stderr so far. */
  log(): string;
  close(): Promise<void>;
}

export interface DemoServerOptions {
  /** Path of the config, from the root of the checkout. */
  readonly config: string;
  /** Added to the environment; configs may read it. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function startDemoServer({ config, env = {} }: DemoServerOptions): Promise<DemoServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bide-demo-'));
  const data = join(folder, 'data');
  const args = ['bin/bide.js', 'serve', '--port', '0', '--config', join(ROOT, config), '--data', data];
  const server = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors: Buffer[] = [];
  server.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const log = () => Buffer.concat(errors).toString('utf8');
  const close = async () => {
    await stopped(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await listening(server, log);
    const key = (await readFile(join(data, 'admin.key'), 'utf8')).trim();
    return { url, key, log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listening(server: ChildProcess & { stdout: NodeJS.ReadableStream }, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The server did not start within ${START_MS} ms.\n${log()}`)),
      START_MS,
    );
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new Error(`The server ${reason}.\n${log()}`));
    };
    server.once('error', (error) => fail(`could not be started: ${error.message}`));
    server.once('exit', (code) => fail(`ended with exit code ${code} before it listened`));
    createInterface({ input: server.stdout }).on('line', (line) => {
      const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

async function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGTERM');
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
