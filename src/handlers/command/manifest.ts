/** The kind of jobs that run a program: its options and their rules. */
import type { HandlerKind } from '../handler-kind.ts';
import { type ConfigIssue, listOf, must, oneOf, optional, recordOf, text, whole } from '../option-rules.ts';
import { commandHandler } from './command.ts';
import type { CommandOptions } from './options.ts';

const environmentName = must(
  'have a name without = and NUL',
  (name) => typeof name === 'string' && /^[^=\0]+$/.test(name),
);
const argument = must('be a text without NUL', (value) => typeof value === 'string' && !value.includes('\0'));
const contentType = must(
  'be a media type such as image/png',
  (value) => typeof value === 'string' && /^[\w.+-]+\/[\w.+*-]+(\s*;[\x20-\x7e]*)?$/.test(value),
);

export const COMMAND: HandlerKind<CommandOptions> = {
  name: 'command',
  options: {
    program: argumentNotEmpty,
    args: optional(listOf(argument)),
    cwd: optional(text),
    env: optional(recordOf(argument, environmentName)),
    output: optional(oneOf(['json', 'bytes'])),
    contentType: optional(contentType),
    permanentExitCodes: optional(listOf(whole(1, 255))),
  },
  handler: commandHandler,
};

function argumentNotEmpty(value: unknown, path: string): readonly ConfigIssue[] {
  return [...text(value, path), ...(typeof value === 'string' ? argument(value, path) : [])];
}
