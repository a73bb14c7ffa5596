/**
 * What a command is: a name, its options and arguments as data, and a function that runs it. Help, parsing and the list of
 * commands all follow from the definitions in `commands/`.
 */
import type { Environment } from './connection.ts';
import type { ExitCode } from './exit-code.ts';
import { type OptionTable, type OptionValues, parseLine } from './option.ts';
import { passwordWarning } from './service/database-choice.ts';
import type { Terminal } from './terminal/terminal.ts';
import { usageError } from './usage-error.ts';

/** Options that every command takes. */
export const SHARED_OPTIONS = {
  json: { kind: 'flag', help: 'machine-readable output: one JSON document per line' },
  help: { kind: 'flag', short: 'h', help: 'show what the command does and takes' },
} as const satisfies OptionTable;

/** What a command has of the world around it. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: Environment;
  /** Runs `onSignal` at SIGINT and SIGTERM until the returned function is called. */
  onSignal(onSignal: (signal: NodeJS.Signals) => void): () => void;
}

export interface Arguments {
  /** How they are shown: `TYPE`, `ID…`. */
  readonly usage: string;
  readonly min: number;
  readonly max: number;
  /** Where a word too many probably belongs. */
  readonly hint?: string;
}

export interface Invocation<T extends OptionTable> extends Surroundings {
  readonly values: OptionValues<T & typeof SHARED_OPTIONS>;
  readonly args: readonly string[];
}

export interface CommandDefinition<T extends OptionTable> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What the summary leaves open; a sentence or a few. */
  readonly description?: string;
  readonly arguments?: Arguments;
  readonly options: T;
  readonly examples: readonly string[];
  readonly run: (invocation: Invocation<T>) => Promise<ExitCode>;
}

/** A command with the types of its options folded in. */
export interface Command extends Omit<CommandDefinition<OptionTable>, 'run' | 'options'> {
  /** Its own options and the shared ones. */
  readonly options: OptionTable;
  readonly parse: (line: readonly string[]) => {
    readonly isJson: boolean;
    readonly isHelp: boolean;
    readonly run: (surroundings: Surroundings) => Promise<ExitCode>;
  };
}

const NO_ARGUMENTS: Arguments = { usage: '', min: 0, max: 0 };

export function defineCommand<const T extends OptionTable>(definition: CommandDefinition<T>): Command {
  const options: T & typeof SHARED_OPTIONS = { ...definition.options, ...SHARED_OPTIONS };
  return {
    ...definition,
    options,
    parse(line) {
      const { values, positionals } = parseLine(line, options);
      const { json, help } = values as OptionValues<typeof SHARED_OPTIONS>;
      if (!help) requireCount(definition.name, definition.arguments ?? NO_ARGUMENTS, positionals);
      const run = (surroundings: Surroundings) => {
        const warning = passwordWarning(values);
        // Services have a log, and say it there.
        if (warning !== null && !('log-level' in options)) surroundings.terminal.note(`bide: ${warning}`);
        return definition.run({ ...surroundings, values, args: positionals });
      };
      return { isJson: json, isHelp: help, run };
    },
  };
}

function requireCount(name: string, { usage, min, max, hint }: Arguments, args: readonly string[]): void {
  if (args.length < min) throw usageError(`\`bide ${name}\` needs ${usage}: see \`bide help ${name}\`.`);
  if (args.length > max) {
    const surplus = JSON.stringify(args[max]);
    const where = hint === undefined ? '' : `${hint}; `;
    throw usageError(`\`bide ${name}\` does not know what to do with ${surplus}: ${where}see \`bide help ${name}\`.`);
  }
}
