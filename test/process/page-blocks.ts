/**
 * The code blocks of a page in their order, run as they stand there. What a block is for stands behind its language:
 *
 * `run` is run: calls of the shell as `runStops` does, a program of TypeScript, JavaScript or Python whose expected output stands in the
 * comments behind what prints it. `file NAME` is written first, for what follows. `config` is a part of the server's config, and `check` is
 * code that needs what a test has not (another company's server): it is only type-checked. `postgres` is run by test/postgres, beside a database.
 * Everything else is no code to run.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runStops, stopsOf } from './doc-blocks.ts';
import type { ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const PROGRAM_MS_MAX = 60_000;
/** Languages that could be run, and so have to say what becomes of them. */
const RUNNABLE = new Set(['sh', 'bash', 'ts', 'js', 'python']);
const PURPOSES = new Set(['run', 'file', 'config', 'check', 'postgres']);

export interface PageBlock {
  readonly language: string;
  readonly purpose: string;
  /** Of a file. */
  readonly name: string;
  readonly text: string;
}

export function pageBlocksOf(page: string): readonly PageBlock[] {
  return [...page.matchAll(/^```(\w+)(?: (\w+))?(?: ([\w./-]+))?\n(.*?)^```$/gms)].map(
    ([, language = '', purpose = '', name = '', text = '']) => ({ language, purpose, name, text }),
  );
}

/** Code that nothing would run: a page that gains it fails. */
export function unmarkedOf(blocks: readonly PageBlock[]): readonly string[] {
  return blocks
    .filter(({ language, purpose }) => RUNNABLE.has(language) && !PURPOSES.has(purpose))
    .map(({ language, text }) => `${language}: ${text.split('\n')[0]}`);
}

export interface PageRun {
  readonly server: ServerProcess;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly hasPython: boolean;
}

/** Runs what is to be run; gives back how many blocks that were. */
export async function runPage(blocks: readonly PageBlock[], on: PageRun): Promise<number> {
  let ran = 0;
  for (const [at, block] of blocks.entries()) {
    if (block.purpose === 'file') writeFileSync(join(on.folder, block.name), block.text);
    if (block.purpose !== 'run' || (block.language === 'python' && !on.hasPython)) continue;
    if (block.language === 'sh') await runStops(stopsOf(block.text), on.server, on.folder);
    else await runProgram(block, `block-${at}`, on);
    ran += 1;
  }
  return ran;
}

async function runProgram({ language, text }: PageBlock, name: string, on: PageRun): Promise<void> {
  const isPython = language === 'python';
  const file = `${name}.${isPython ? 'py' : language === 'ts' ? 'mts' : 'mjs'}`;
  writeFileSync(join(on.folder, file), text);
  const { stdout } = await run(isPython ? 'python3' : process.execPath, [file], {
    cwd: on.folder,
    timeout: PROGRAM_MS_MAX,
    env: { ...process.env, ...on.env, BIDE_URL: on.server.url, BIDE_KEY: on.server.key },
  });
  let from = 0;
  for (const fragment of printedBy(text)) {
    const at = stdout.indexOf(fragment, from);
    assert.notEqual(at, -1, `${text}\nprinted\n${stdout}\nwithout ${fragment}`);
    from = at + fragment.length;
  }
}

/** What stands in comments behind the lines that print. */
function printedBy(code: string): readonly string[] {
  const comments = [...code.matchAll(/^.*\b(?:console\.log|print)\(.*\);?\s+(?:\/\/|#) (.*)$/gm)];
  return comments.flatMap(([, text = '']) => text.split('…')).filter((text) => text.trim() !== '');
}
