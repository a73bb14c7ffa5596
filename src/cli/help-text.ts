/** The help, made from the table of commands: what is not in a definition is in no help, and the other way round. */
import type { Command } from './command.ts';
import { EXIT_MEANINGS } from './exit-code.ts';
import type { OptionDefinition } from './option.ts';

export function overviewHelp(commands: readonly Command[]): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'bide: submit work, get a job id, wait for it, fetch the result.',
    '',
    'Usage: bide COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    '`bide help COMMAND` tells more. Try it: `bide serve --playground`, then `bide submit echo --input \'{"a":1}\' --wait`.',
    '',
    'Exit codes:',
    ...EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
  ];
}

export function commandHelp(command: Command): readonly string[] {
  const usage = ['bide', command.name, command.arguments?.usage ?? '', '[OPTIONS]'].filter((word) => word !== '');
  const options = Object.entries(command.options).map(
    ([name, option]) => [spelled(name, option), option.help] as const,
  );
  const width = Math.max(...options.map(([spelling]) => spelling.length));
  return [
    `bide ${command.name}: ${command.summary}`,
    '',
    `Usage: ${usage.join(' ')}`,
    ...(command.description === undefined ? [] : ['', command.description]),
    '',
    'Options:',
    ...options.map(([spelling, help]) => `  ${spelling.padEnd(width)}  ${help}`),
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
