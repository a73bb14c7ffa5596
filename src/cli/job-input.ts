/** The input of a job as the command line names it: JSON, a file with it, or stdin. */
import { readFile } from 'node:fs/promises';
import { inexactNumber } from '../core/exact-numbers.ts';
import type { Json } from '../core/job.ts';
import type { Terminal } from './terminal/terminal.ts';
import { usageError } from './usage-error.ts';

export const INPUT_OPTION = { kind: 'text', short: 'i', value: 'JSON|@FILE|-' } as const;

/** @param option that it is the value of, for complaints */
export async function inputOf(source: string, terminal: Terminal, option = '--input'): Promise<Json> {
  if (source === '-') {
    if (terminal.isInputTyped) terminal.note('bide: reading the input from the terminal; ^D ends it');
    return parsed(await terminal.readInput(), 'stdin');
  }
  if (!source.startsWith('@')) return parsed(source, option);
  const path = source.slice(1);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usageError(`The input file ${path} cannot be read: ${error.code ?? error.message}.`);
  });
  return parsed(text, path);
}

function parsed(source: string, where: string): Json {
  // Editors on Windows put a byte order mark before what they save.
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const value = jsonOf(text, where);
  const inexact = inexactNumber(text);
  if (inexact === null) return value;
  throw usageError(`The input from ${where} cannot be sent: ${inexact.path || 'it'} ${inexact.message}.`);
}

function jsonOf(text: string, where: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = where.startsWith('--') ? ` A string needs its quotes: ${where} '"text"'. A file is named with @.` : '';
    throw usageError(`The input from ${where} is not JSON: ${reason}.${hint}`);
  }
}
