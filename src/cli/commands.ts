/** The table of commands, in the order of the help: first what makes a project and what runs Bide, then what a caller does, then what an operator does. */
import type { Command } from './command.ts';
import { amend } from './commands/amend.ts';
import { attempts } from './commands/attempts.ts';
import { audit } from './commands/audit.ts';
import { bulk } from './commands/bulk.ts';
import { cancel } from './commands/cancel.ts';
import { counts } from './commands/counts.ts';
import { dev } from './commands/dev.ts';
import { doctor } from './commands/doctor.ts';
import { events } from './commands/events.ts';
import { exportCommand } from './commands/export.ts';
import { groups } from './commands/groups.ts';
import { helpOf } from './commands/help.ts';
import { importCommand } from './commands/import.ts';
import { init } from './commands/init.ts';
import { input } from './commands/input.ts';
import { jobTypes } from './commands/job-types.ts';
import { keys } from './commands/keys.ts';
import { limits } from './commands/limits.ts';
import { list } from './commands/list.ts';
import { logs } from './commands/logs.ts';
import { mcp } from './commands/mcp.ts';
import { migrate } from './commands/migrate.ts';
import { output } from './commands/output.ts';
import { children, parents } from './commands/relations.ts';
import { resubmit } from './commands/resubmit.ts';
import { result } from './commands/result.ts';
import { retry } from './commands/retry.ts';
import { schedules } from './commands/schedules.ts';
import { serve } from './commands/serve.ts';
import { signal } from './commands/signal.ts';
import { stats } from './commands/stats.ts';
import { status } from './commands/status.ts';
import { submit } from './commands/submit.ts';
import { token } from './commands/token.ts';
import { version } from './commands/version.ts';
import { wait } from './commands/wait.ts';
import { webhooks } from './commands/webhooks.ts';
import { work } from './commands/work.ts';
import { workers } from './commands/workers.ts';

export const COMMANDS: readonly Command[] = [
  init,
  dev,
  serve,
  work,
  mcp,
  submit,
  status,
  wait,
  result,
  attempts,
  logs,
  output,
  parents,
  children,
  input,
  list,
  events,
  token,
  cancel,
  signal,
  retry,
  resubmit,
  amend,
  bulk,
  groups,
  counts,
  stats,
  jobTypes,
  workers,
  keys,
  webhooks,
  schedules,
  limits,
  audit,
  migrate,
  exportCommand,
  importCommand,
  doctor,
  helpOf(() => COMMANDS),
  version,
];
