/** `bide attempts`: who tried a job, for how long, and how that ended. */
import type { AttemptBody } from '../../client/index.ts';
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';
import { printable } from '../terminal/printable.ts';
import { type Column, tableLines } from '../terminal/table.ts';

const COLUMNS: readonly Column<AttemptBody>[] = [
  { head: 'ATTEMPT', widthMax: 7, text: ({ number }) => String(number) },
  { head: 'STARTED', widthMax: 24, text: ({ startedAt }) => startedAt },
  { head: 'ENDED', widthMax: 24, text: ({ endedAt }) => endedAt ?? '-' },
  { head: 'OUTCOME', widthMax: 9, text: ({ outcome }) => outcome },
  { head: 'WORKER', widthMax: 30, text: ({ worker }) => printable(worker ?? '-') },
  {
    head: 'ERROR',
    widthMax: 1_000,
    text: ({ error }) => (error === null ? '' : printable(`${error.code}: ${error.message}`)),
  },
];

export const attempts = defineCommand({
  name: 'attempts',
  summary: 'list the attempts of a job',
  description: 'A line for each, the latest last. With --json as the server has them.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: CONNECTION_OPTIONS,
  examples: ['bide attempts ID', 'bide attempts ID --json | jq -r ".attempts[].error.code"'],
  async run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    const found = await client.attempts(await jobIdOf(client, args[0] ?? ''));
    if (values.json) terminal.line(JSON.stringify({ attempts: found }));
    else for (const line of tableLines(COLUMNS, found, terminal.columns)) terminal.line(line);
    if (found.length === 0 && !values.json) terminal.note('No attempts yet.');
    return EXIT.succeeded;
  },
});
