/** `bide help`: all commands, or one of them in full. The table is handed in, since this command is part of it. */

import { nearest } from '../../core/nearest.ts';
import { type Command, defineCommand } from '../command.ts';
import { EXIT, EXIT_MEANINGS } from '../exit-code.ts';
import { commandHelp, overviewHelp } from '../help-text.ts';
import { usageError } from '../usage-error.ts';

export function helpOf(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: 'help',
    summary: 'show the commands, or what one of them takes',
    arguments: { usage: '[COMMAND]', min: 0, max: 1 },
    options: {},
    examples: ['bide help', 'bide help submit'],
    async run({ values, args, terminal }) {
      const chosen = args[0] === undefined ? null : commandOf(commands(), args[0]);
      if (values.json) terminal.line(JSON.stringify(documentOf(chosen === null ? commands() : [chosen])));
      else {
        const { columns } = terminal;
        const lines = chosen === null ? overviewHelp(commands(), columns) : commandHelp(chosen, columns);
        for (const line of lines) terminal.line(line);
      }
      return EXIT.succeeded;
    },
  });
}

function commandOf(commands: readonly Command[], name: string): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const meant = nearest(
    name,
    commands.map((one) => one.name),
  );
  throw usageError(`There is no command ${JSON.stringify(name)}${meant === null ? '' : `: did you mean ${meant}?`}`);
}

function documentOf(commands: readonly Command[]): object {
  return {
    commands: commands.map(({ name, summary, options, examples, arguments: args }) => ({
      name,
      summary,
      arguments: args?.usage ?? '',
      options,
      examples,
    })),
    exitCodes: Object.fromEntries(EXIT_MEANINGS),
  };
}
