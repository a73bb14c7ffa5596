/** The help, made from the table of commands: what is not in a definition is in no help, and the other way round. */
import type { Command } from './command.ts';
import { EXIT_MEANINGS } from './exit-code.ts';
import type { OptionDefinition } from './option.ts';
import { beside, wrapped } from './terminal/wrapped.ts';

/** Where the help of an option begins; longer spellings have a line of their own. */
const INDENT_MAX = 32;
/** Lines of running text that are longer are hard to read, however wide the terminal is. */
const WIDTH_MAX = 100;

export function overviewHelp(commands: readonly Command[], columns: number): readonly string[] {
  const width = Math.min(columns, WIDTH_MAX);
  const indent = Math.max(...commands.map(({ name }) => name.length)) + 4;
  return [
    'bide: submit work, get a job id, wait for it, fetch the result.',
    '',
    'Usage: bide COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    ...commands.flatMap(({ name, summary }) => beside(`  ${name}`, summary, { indent, width })),
    '',
    ...wrapped('`bide help COMMAND` tells more. Try it: `bide serve --playground`, then', width),
    '`bide submit echo --input \'{"a":1}\' --wait`.',
    '',
    'Exit codes:',
    ...EXIT_MEANINGS.flatMap(([code, meaning]) =>
      beside(`  ${String(code).padStart(3)}`, meaning, { indent: 7, width }),
    ),
  ];
}

export function commandHelp(command: Command, columns: number): readonly string[] {
  const width = Math.min(columns, WIDTH_MAX);
  const usage = ['bide', command.name, command.arguments?.usage ?? '', '[OPTIONS]'].filter((word) => word !== '');
  const options = Object.entries(command.options).map(
    ([name, option]) => [`  ${spelled(name, option)}`, option.help] as const,
  );
  const indent = Math.min(INDENT_MAX, Math.max(...options.map(([spelling]) => spelling.length)) + 2);
  return [
    ...wrapped(`bide ${command.name}: ${command.summary}`, width),
    '',
    `Usage: ${usage.join(' ')}`,
    ...(command.description === undefined ? [] : ['', ...wrapped(command.description, width)]),
    '',
    'Options:',
    ...options.flatMap(([spelling, help]) => beside(spelling, help, { indent, width })),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
  ];
}

function spelled(name: string, option: OptionDefinition): string {
  return `${option.short === undefined ? '    ' : ''}${optionSpelling(name, option)}`;
}

/** `-o, --output FILE`. */
export function optionSpelling(name: string, option: OptionDefinition): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const choices = option.kind === 'choice' ? option.choices.join('|') : 'N';
  return `${short}--${name}${option.kind === 'flag' ? '' : ` ${option.value ?? choices}`}`;
}
