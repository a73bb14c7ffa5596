/** `docs/reference/cli.md`: every command with its options, from the table that the command line itself is parsed by. */
import type { Command } from '../../src/cli/command.ts';
import { SHARED_OPTIONS } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { CONNECTION_OPTIONS } from '../../src/cli/connection.ts';
import { EXIT_MEANINGS } from '../../src/cli/exit-code.ts';
import { optionSpelling } from '../../src/cli/help-text.ts';
import type { OptionTable } from '../../src/cli/option.ts';
import { code, page, table } from './markdown.ts';

export function cliPage(): string {
  return page('Command line', '`src/cli/commands.ts`', [
    INTRODUCTION,
    table(
      ['command', 'does'],
      COMMANDS.map(({ name, summary }) => [`[${name}](#bide-${name})`, summary]),
    ),
    '## Exit codes',
    table(
      ['code', 'means'],
      EXIT_MEANINGS.map(([exitCode, meaning]) => [String(exitCode), meaning]),
    ),
    '## Which server, which key',
    CONNECTION,
    optionTable(CONNECTION_OPTIONS),
    '## Output',
    OUTPUT,
    ...COMMANDS.flatMap(commandParts),
  ]);
}

function commandParts(command: Command): readonly string[] {
  const shared = [...Object.keys(SHARED_OPTIONS), ...Object.keys(CONNECTION_OPTIONS)];
  const isCaller = 'url' in command.options;
  const own = Object.entries(command.options).filter(
    ([name]) => !shared.includes(name) || (name === 'data' && !isCaller),
  );
  const usage = ['bide', command.name, command.arguments?.usage].filter((word) => word !== undefined && word !== '');
  return [
    `## bide ${command.name}`,
    `${code(usage.join(' '))}: ${command.summary}.${command.description === undefined ? '' : ` ${command.description}`}`,
    ...(own.length === 0 ? [] : [optionTable(Object.fromEntries(own))]),
    `\`\`\`text\n${command.examples.join('\n')}\n\`\`\``,
  ];
}

function optionTable(options: OptionTable): string {
  const rows = Object.entries(options).map(([name, option]) => [code(optionSpelling(name, option)), option.help]);
  return table(['option', 'meaning'], rows);
}

const INTRODUCTION = `\`npx bide COMMAND\`, or \`bide COMMAND\` where it is installed. \`bide help COMMAND\` shows what is on this page; an unknown command
or option names the nearest one. Every command takes \`--json\` and \`--help\`.`;

const CONNECTION = `Flags win over the environment, the environment wins over the data folder: a running \`bide serve\` leaves its URL in
\`FOLDER/server.json\` (removed when it stops) and the admin key of its first start in \`FOLDER/admin.key\`. A folder named with
\`--data\` wins over \`BIDE_URL\`. The key of a folder is sent to the server of that folder only.`;

const OUTPUT = `Results go to stdout, everything said along the way to stderr. With \`--json\` stdout holds one JSON document per line (jobs as the
API sends them), and an error is one document on stderr: \`{"error":{"code","message",…},"exitCode"}\`. \`BIDE_DEBUG=1\` adds the stack and
the causes of an error.`;
