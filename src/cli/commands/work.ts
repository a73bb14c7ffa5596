/** `bide work`: a process that runs jobs and answers nobody, beside servers that share its PostgreSQL. */
import { defineCommand, type Invocation } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { DATA_FOLDER } from '../service/data-folder.ts';
import { readEnvFile } from '../service/env-file.ts';
import { runService } from '../service/run-service.ts';
import { serviceNotes } from '../service/service-notes.ts';
import { logLevelOf, SERVICE_OPTIONS, serviceOptionsOf, warnOfPassword } from '../service/service-options.ts';
import { usageError } from '../usage-error.ts';

const OPTIONS = {
  data: { kind: 'text', value: 'FOLDER', help: `where files of jobs are kept (${DATA_FOLDER})` },
  ...SERVICE_OPTIONS,
} as const satisfies OptionTable;

export const work = defineCommand({
  name: 'work',
  summary: 'run jobs without serving HTTP, beside servers on the same PostgreSQL',
  description:
    'Needs --database: a data folder belongs to one process. Prints `working` when it is ready. SIGTERM or ^C drains; a second ' +
    'one does not wait.',
  options: OPTIONS,
  examples: ['bide work --database postgresql://bide@db/bide --config bide.config.ts'],
  run: workUntilSignal,
});

async function workUntilSignal(invocation: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { values, env, terminal } = invocation;
  readEnvFile(values);
  const service = serviceOptionsOf(values, env);
  if (service.database === undefined) {
    throw usageError(
      '`bide work` needs --database: processes share a store on PostgreSQL only. On a data folder, `bide serve` runs the jobs itself.',
    );
  }
  const { createLogger, startApp } = await import('../../app.ts');
  const dataFolder = values.data ?? DATA_FOLDER;
  const logger = createLogger(logLevelOf(values));
  const notes = serviceNotes(terminal, logger);
  warnOfPassword(values, notes);
  const app = await startApp({ ...service, dataFolder, http: null, runsJobs: true, logger });
  // Before it says that it works: whoever waits for that line may send a signal at once.
  const ended = runService(app, { ...invocation, terminal: notes });
  terminal.line(values.json ? JSON.stringify({ working: true }) : 'working');
  return ended;
}
