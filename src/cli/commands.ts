/** The table of commands, in the order of the help: first what runs Bide, then what a caller does, then what an operator does. */
import type { Command } from './command.ts';
import { cancel } from './commands/cancel.ts';
import { helpOf } from './commands/help.ts';
import { jobTypes } from './commands/job-types.ts';
import { list } from './commands/list.ts';
import { result } from './commands/result.ts';
import { retry } from './commands/retry.ts';
import { status } from './commands/status.ts';
import { submit } from './commands/submit.ts';
import { version } from './commands/version.ts';
import { wait } from './commands/wait.ts';

export const COMMANDS: readonly Command[] = [
  submit,
  status,
  wait,
  result,
  list,
  cancel,
  retry,
  jobTypes,
  helpOf(() => COMMANDS),
  version,
];
