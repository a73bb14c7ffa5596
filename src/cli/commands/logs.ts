/** `bide logs`: what a job has said, and with --follow what it goes on to say. */
import type { LogLineBody } from '../../client/index.ts';
import { LOG_LEVELS, type LogLevel } from '../../core/log-line.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';
import type { OptionTable } from '../option.ts';
import { printable } from '../terminal/printable.ts';

const OPTIONS = {
  follow: { kind: 'flag', short: 'f', help: 'go on until the job is over' },
  level: { kind: 'choice', choices: LOG_LEVELS, value: 'LEVEL', help: 'only lines at this level or above' },
  attempt: { kind: 'whole', min: 1, max: 1_000_000_000, value: 'N', help: 'only what this attempt said' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const logs = defineCommand({
  name: 'logs',
  summary: 'show what a job has said',
  description:
    'One line of output for each line of the log: time, level, attempt, text and fields. With --json the lines as the server has them. ^C ends --follow, not ' +
    'the job.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: OPTIONS,
  examples: ['bide logs ID', 'bide logs ID --follow', 'bide logs ID --level warn --json | jq -r .line'],
  run: showLogs,
});

async function showLogs({ values, env, args, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const filter = { level: values.level as LogLevel | undefined, attempt: values.attempt };
  const client = connect(values, env, { triesMax: 2 });
  const id = await jobIdOf(client, args[0] ?? '');
  const show = (line: LogLineBody) => terminal.line(values.json ? JSON.stringify(line) : lineText(line));
  if (values.follow) {
    for await (const line of client.followLogs(id, filter)) show(line);
    return EXIT.succeeded;
  }
  for (let after = 0; ; ) {
    const { lines, next } = await client.logs(id, { ...filter, after });
    for (const line of lines) show(line);
    if (lines.length === 0) return EXIT.succeeded;
    after = next;
  }
}

function lineText({ at, level, attempt, line, fields }: LogLineBody): string {
  const rest = fields === null ? '' : ` ${JSON.stringify(fields)}`;
  return `${at} ${level.toUpperCase().padEnd(5)} [${attempt}] ${printable(line + rest)}`;
}
