/** One command line from its words to its exit code. Never throws: whatever goes wrong is said and has a code. */

import { nearest } from '../core/nearest.ts';
import type { Command, Surroundings } from './command.ts';
import { SHARED_OPTIONS } from './command.ts';
import { COMMANDS } from './commands.ts';
import { CONNECTION_OPTIONS } from './connection.ts';
import { isDebugging } from './debugging.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { sayFailure } from './failure.ts';
import { commandHelp } from './help-text.ts';
import type { OptionTable } from './option.ts';
import { usageError } from './usage-error.ts';

/** Options that may also stand before the command: `bide --url http://… list`. */
const LEADING: OptionTable = { ...CONNECTION_OPTIONS, ...SHARED_OPTIONS };
/** What people type at any program. */
const ALIASES: Readonly<Record<string, string>> = { '--version': 'version', '-v': 'version', '-V': 'version' };

/** @param argv the words after the program's name. */
export async function runCli(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let isJson = argv.includes('--json');
  try {
    const { command, line } = splitOff(argv);
    const parsed = command.parse(line);
    isJson = parsed.isJson;
    if (!parsed.isHelp) return await parsed.run(surroundings);
    for (const text of commandHelp(command, surroundings.terminal.columns)) surroundings.terminal.line(text);
    return EXIT.succeeded;
  } catch (error) {
    return sayFailure(error, { isJson, isDebug: isDebugging(surroundings.env), terminal: surroundings.terminal });
  }
}

function splitOff(argv: readonly string[]): { readonly command: Command; readonly line: readonly string[] } {
  const at = commandIndex(argv);
  const word = argv[at];
  // `bide` and `bide --help` show the commands; `bide --json help` is `bide help --json`.
  if (word === undefined) return { command: commandOf('help'), line: argv.filter((one) => one === '--json') };
  return { command: commandOf(ALIASES[word] ?? word), line: [...argv.slice(0, at), ...argv.slice(at + 1)] };
}

/** Where the command stands: the first word that is neither a leading option nor the value of one. */
function commandIndex(argv: readonly string[]): number {
  let at = 0;
  for (; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-') || Object.hasOwn(ALIASES, word)) return at;
    const name = word.replace(/^--?/, '');
    if (name === 'h') continue;
    const definition = Object.hasOwn(LEADING, name) ? LEADING[name] : undefined;
    if (definition === undefined && !name.includes('=')) {
      throw usageError(`Unknown option ${word} before the command: see \`bide help\`.`);
    }
    if (definition !== undefined && definition.kind !== 'flag') at += 1;
  }
  return at;
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name);
  if (command !== undefined) return command;
  const meant = nearest(
    name,
    COMMANDS.map((one) => one.name),
  );
  const hint = meant === null ? 'see `bide help`' : `did you mean \`bide ${meant}\`?`;
  throw usageError(`There is no command ${JSON.stringify(name)}: ${hint}`);
}
