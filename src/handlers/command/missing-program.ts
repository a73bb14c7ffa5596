/** Whether a command could be started here, looked at without starting it. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { CommandOptions } from './options.ts';

/** One sentence per thing that is missing. */
export function missingForCommand(options: CommandOptions, baseDir: string): readonly string[] {
  const cwd = resolve(baseDir, options.cwd ?? '.');
  const folder = isFolder(cwd) ? [] : [`its working folder ${cwd} does not exist`];
  return isThere(options, baseDir) ? folder : [...folder, `the program ${options.program} ${whereNot(options)}`];
}

function isThere({ program, cwd = '.', env = {} }: CommandOptions, baseDir: string): boolean {
  if (/^\.{1,2}[/\\]/.test(program)) return isExecutable(resolve(baseDir, program));
  if (/[/\\]/.test(program)) return isExecutable(resolve(baseDir, cwd, program));
  const path = env.PATH ?? process.env.PATH ?? '';
  const endings = process.platform === 'win32' ? ['', ...(process.env.PATHEXT ?? '').split(';')] : [''];
  return path.split(delimiter).some((folder) => endings.some((ending) => isExecutable(join(folder, program + ending))));
}

function whereNot({ program }: CommandOptions): string {
  return /[/\\]/.test(program) ? 'is not there, or may not be executed' : 'is in no folder of PATH';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
