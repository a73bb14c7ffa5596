/** Code blocks of a document, and what it says that they print: run as they stand there by the tests of README and docs. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, readTree } from '../tidy/tree.ts';
import type { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

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
  const env = { ...process.env, PATH: await pathWithCurl(folder), BIDE_URL: server.url, BIDE_KEY: server.key };
  const { stdout } = await run('sh', ['-eu', '-c', script], { cwd: folder, env });
  const outputs = stdout.split('@@@');
  for (const [index, { command, fragments }] of stops.entries()) assertHolds(outputs[index] ?? '', fragments, command);
}

function assertHolds(output: string, fragments: readonly string[], command: string): void {
  let from = 0;
  for (const fragment of fragments) {
    const at = output.indexOf(fragment, from);
    assert.notEqual(at, -1, `${command}printed\n${output}\nwithout ${fragment}`);
    from = at + fragment.length;
  }
}

async function pathWithCurl(folder: string): Promise<string> {
  const path = [dirname(process.execPath), process.env.PATH ?? ''];
  const hasCurl = await run('curl', ['--version']).then(
    () => true,
    () => false,
  );
  if (hasCurl) return path.join(delimiter);
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(ROOT, 'test/process/curl.ts'), join(bin, 'curl'));
  chmodSync(join(ROOT, 'test/process/curl.ts'), 0o755);
  return [bin, ...path].join(delimiter);
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
