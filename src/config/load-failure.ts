/**
 * Why a config could not be loaded, as one sentence that begins with the file, its line and its column, as editors and terminals know them.
 *
 * Node puts the place of a syntax error in TypeScript before the stack, that of an error which was thrown into the stack, and that of a
 * syntax error in JavaScript nowhere that can be read: there the file is read once more by the parser that strips types.
 */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { BideError } from '../core/errors.ts';
import { CONFIG_FILES } from './config-files.ts';

/** Where Bide itself is: `src/` or `dist/`. */
const OWN = fileURLToPath(new URL('..', import.meta.url));

interface Place {
  readonly path: string;
  /** `3:14`, or the line alone. */
  readonly at: string;
}

export function loadFailure(error: unknown, file: string): BideError {
  const reason = reasonOf(error, file);
  const place = error instanceof SyntaxError ? placeOfSyntax(error, file) : placeOfThrow(error, file);
  if (place === null) return invalidConfig(file, reason, error);
  if (place.path === file) return invalidConfig(`${file}:${place.at}`, reason, error);
  return invalidConfig(file, `${reason} (in ${place.path}:${place.at})`, error);
}

export function invalidConfig(where: string, reason: string, cause?: unknown): BideError {
  // What was thrown may end its sentence itself.
  const sentence = `${where}: ${reason.replace(/[.\s]$/, '')}.`;
  return new BideError('CONFIG_INVALID', sentence, {}, cause === undefined ? undefined : { cause });
}

function reasonOf(error: unknown, file: string): string {
  const { code = '', message = String(error) } = (error ?? {}) as NodeJS.ErrnoException;
  const [line = ''] = message.split('\n', 1);
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `it uses TypeScript that cannot be stripped (${lastLine(message)}); enums, namespaces and parameter properties need another form`;
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return `it has a syntax error: ${lastLine(message)}`;
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `a config is a .ts, .mts, .js or .mjs file, not ${basename(file)}`;
    case 'ERR_MODULE_NOT_FOUND':
      return `it imports something that is not there: ${line}`;
  }
  if (!(error instanceof SyntaxError)) return `it threw an error while loading: ${line}`;
  const [, from, name] = MISSING_NAME.exec(line) ?? [];
  if (name !== undefined) return `it imports ${name} from ${from}, which exports nothing of that name`;
  if (isOfModules(line)) {
    return `it is taken for CommonJS because of the nearest package.json; name it ${CONFIG_FILES[1]}, or set "type": "module" there`;
  }
  return `it has a syntax error: ${line}`;
}

const MISSING_NAME = /^The requested module ('[^']*') does not provide an export named '([^']*)'/;

/** What V8 says of `import` and `export` where a file is no module. */
function isOfModules(line: string): boolean {
  return /^(Cannot use import statement outside a module|Unexpected token 'export')$/.test(line);
}

function lastLine(message: string): string {
  return message.trim().split('\n').at(-1)?.trim() ?? message;
}

function placeOfSyntax(error: SyntaxError, file: string): Place | null {
  const told = placeBeforeStack(error);
  if (told !== null || isOfModules(error.message)) return told;
  try {
    quietly(() => stripTypeScriptTypes(readFileSync(file, 'utf8'), { sourceUrl: file }));
  } catch (again) {
    return again instanceof Error ? placeBeforeStack(again) : null;
  }
  // The file itself is well: it is one that it imports.
  return null;
}

/** `file:///a.ts:3`, the lines of the source up to there, and a line of carets under the place. */
function placeBeforeStack({ stack = '' }: Error): Place | null {
  const [head = '', ...lines] = stack.split('\n', 20);
  const [, path, line] = /^(\S.*):(\d{1,9})$/.exec(head) ?? [];
  if (path === undefined || line === undefined) return null;
  const carets = lines.find((text) => /^\s*\^+\s*$/.test(text));
  return { path: pathOf(path), at: carets === undefined ? line : `${line}:${carets.indexOf('^') + 1}` };
}

/** The first frame of the file itself, since what it called may be anybody's; else of a file that it imports. */
function placeOfThrow(error: unknown, file: string): Place | null {
  const stack = error instanceof Error ? String(error.stack) : '';
  const places = stack.split('\n').flatMap((frame) => {
    const [, url, at] = /^(file:[^()\s]+):(\d{1,9}:\d{1,9})\)?$/.exec(frame.slice(frame.indexOf('file:'))) ?? [];
    return url === undefined || at === undefined ? [] : [{ path: pathOf(url), at }];
  });
  return places.find(({ path }) => path === file) ?? places.find(isOfProject) ?? null;
}

function isOfProject({ path }: Place): boolean {
  return !path.includes(`${sep}node_modules${sep}`) && !path.startsWith(OWN);
}

function pathOf(where: string): string {
  return URL.canParse(where) && where.startsWith('file:') ? fileURLToPath(where) : where;
}

/** Node warns of the parser being experimental, which is nothing to whoever mistyped a bracket. */
function quietly(work: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
