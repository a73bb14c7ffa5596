/** Code blocks of a document, and what it says that they print: run as they stand there by the tests of README and docs. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, readTree } from '../tidy/tree.ts';
import type { ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const SHELL_MS_MAX = 120_000;

export function documentOf(path: string): string {
  return readTree(path).get(path) ?? assert.fail(`${path} is missing`);
}

/** The texts of the code blocks whose info string is this one. */
export function blocksOf(text: string, info: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${info}\n(.*?)^\`\`\`$`, 'gms'))].map(([, block]) => block ?? '');
}

export interface Stop {
  readonly command: string;
  /** What the output holds, in this order, where the document says `# {"id":"…","state":…`. */
  readonly fragments: readonly string[];
}

export function stopsOf(block: string): readonly Stop[] {
  const parts = [...block.matchAll(/((?:^[^#\n].*\n)+)((?:^#.*\n)*)/gm)];
  return parts.map(([, command = '', comments = '']) => ({
    command,
    fragments: comments
      .split(/…|\n/)
      .map((text) => text.replace(/^# /, ''))
      .filter((text) => text !== ''),
  }));
}

/** Runs the stops one after another in one shell, and holds what each prints against what the document says. @param folder for what the shell needs */
export async function runStops(stops: readonly Stop[], server: ServerProcess, folder: string): Promise<void> {
  const api = /^api\(\) .*$/m.exec(documentOf('README.md'))?.[0] ?? assert.fail('the README defines no api()');
  const bide = `bide() { '${process.execPath}' '${join(ROOT, 'bin/bide.js')}' "$@"; }`;
  const script = [api, bide, ...stops.map(({ command }) => `${command}printf '\\n@@@'\n`)].join('\n');
  // `node --test` of a document would take itself for a part of this run, and say nothing.
  const { NODE_TEST_CONTEXT: _, ...outer } = process.env;
  const env = { ...outer, ...(await environmentOf(folder)), BIDE_URL: server.url, BIDE_KEY: server.key };
  const { stdout, stderr, code } = await shell(script, folder, env);
  const outputs = stdout.split('@@@');
  const failed = stops[outputs.length - 1];
  if (code !== 0) assert.fail(`${failed?.command}ended with ${code}\n${outputs.at(-1)}\n${stderr}`);
  for (const [index, { command, fragments }] of stops.entries()) assertHolds(outputs[index] ?? '', fragments, command);
}

/** In a process group of its own, which ends with the shell: a document may start programs beside itself. */
async function shell(script: string, cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn('sh', ['-eu', '-c', script], {
    cwd,
    env,
    detached: true,
    timeout: SHELL_MS_MAX,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const closed = once(child, 'close');
  const [code] = await once(child, 'exit');
  if (child.pid !== undefined) killGroup(child.pid);
  await closed;
  return { ...printed, code: code as number | null };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has ended already.
  }
}

function assertHolds(output: string, fragments: readonly string[], command: string): void {
  let from = 0;
  for (const fragment of fragments) {
    const at = output.indexOf(fragment, from);
    assert.notEqual(at, -1, `${command}printed\n${output}\nwithout ${fragment}`);
    from = at + fragment.length;
  }
}

/** What the machine may lack, before what it has: this Node, the commands of installed packages, a curl, the Python client. */
async function environmentOf(folder: string): Promise<Record<string, string>> {
  const bin = join(folder, 'bin');
  const own = [
    dirname(process.execPath),
    join(folder, 'node_modules/.bin'),
    join(dirname(folder), 'node_modules/.bin'),
  ];
  if (!(await hasCurl())) {
    mkdirSync(bin, { recursive: true });
    if (!existsSync(join(bin, 'curl'))) symlinkSync(join(ROOT, 'test/process/curl.ts'), join(bin, 'curl'));
    chmodSync(join(ROOT, 'test/process/curl.ts'), 0o755);
  }
  const python = ['clients/python/src', 'clients/python'].find((path) => existsSync(join(ROOT, path, 'bide'))) ?? '';
  return {
    PATH: [bin, ...own, process.env.PATH ?? ''].join(delimiter),
    PYTHONPATH: join(ROOT, python),
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

function hasCurl(): Promise<boolean> {
  return run('curl', ['--version']).then(
    () => true,
    () => false,
  );
}

/** Runs a block of JavaScript as it stands there. @param names what it imports and finds @param answer an expression over its variables */
export async function runCode(
  code: string,
  names: Readonly<Record<string, unknown>>,
  answer = 'null',
): Promise<unknown> {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const body = `${code.replaceAll(/^import .*$/gm, '')}\nreturn ${answer};`;
  return AsyncFunction(...Object.keys(names), body)(...Object.values(names));
}
