/**
 * Several processes of Bide on one database, as operators run them: nodes that only answer callers, workers that only run jobs.
 * Each has a data folder of its own; the admin key is in that of the node that came first.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BideProcess, startProcess } from './cluster-process.ts';

export interface ClusterOptions {
  /** URL of the database. */
  readonly database: string;
  readonly nodes: number;
  readonly workers: number;
  /** The text of the config, a module. */
  readonly config: string;
  /** Further arguments of all processes. */
  readonly args?: readonly string[];
}

/** `await using` ends all processes with the test, whether that passes or not. */
export interface Cluster extends AsyncDisposable {
  readonly folder: string;
  readonly database: string;
  /** The admin key. */
  readonly key: string;
  /** In the order of their starts; whoever ends one takes it out by `forget`. */
  readonly nodes: readonly BideProcess[];
  readonly workers: readonly BideProcess[];
  startNode(one?: OneProcess): Promise<BideProcess>;
  startWorker(one?: OneProcess): Promise<BideProcess>;
  /** Nobody is sent to it any more. It need not have ended. */
  forget(process: BideProcess): void;
}

/** What sets one process apart. */
export interface OneProcess {
  readonly args?: readonly string[];
  /** What its machine's clock is ahead by. */
  readonly skewMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'bide-cluster-'));
  writeFileSync(join(folder, 'bide.config.mjs'), options.config);
  const started: BideProcess[] = [];
  const nodes: BideProcess[] = [];
  const workers: BideProcess[] = [];
  let starts = 0;
  const start = async (command: 'serve' | 'work', among: BideProcess[], own: OneProcess) => {
    starts += 1;
    const name = `${command}-${starts}`;
    const data = join(folder, name);
    mkdirSync(data);
    const place = ['--data', data, '--config', 'bide.config.mjs', '--database', options.database];
    const one = await startProcess({
      name,
      args: [command, ...place, ...(own.args ?? []), ...(options.args ?? [])],
      cwd: folder,
      skewMs: own.skewMs ?? 0,
    });
    started.push(one);
    among.push(one);
    return one;
  };
  const startNode = ({ args = [], ...own }: OneProcess = {}) =>
    start('serve', nodes, { ...own, args: ['--no-work', '--port', '0', ...args] });
  const startWorker = (own: OneProcess = {}) => start('work', workers, own);
  const end = async () => {
    await Promise.all(started.map((one) => one.end('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const first = await startNode();
    await Promise.all([...times(options.nodes - 1, () => startNode()), ...times(options.workers, () => startWorker())]);
    return {
      folder,
      database: options.database,
      key: readFileSync(join(folder, first.name, 'admin.key'), 'utf8').trim(),
      nodes,
      workers,
      startNode,
      startWorker,
      forget(process) {
        for (const among of [nodes, workers]) if (among.includes(process)) among.splice(among.indexOf(process), 1);
      },
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** Longer than any hold that is asked for. */
const ANSWER_MS = 40_000;

/** GET without a body, POST with one. Rejects when nobody answers. */
export async function ask(
  { key }: Pick<Cluster, 'key'>,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, ...type, ...headers },
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** What a success says; anything else rejects. */
export async function told<T = Record<string, unknown>>(...asked: Parameters<typeof ask>): Promise<T> {
  const { status, text } = await ask(...asked);
  if (status >= 400) throw new Error(`${asked[1]} answered ${status}: ${text}`);
  return JSON.parse(text) as T;
}
