/** `bide attempts`: who tried a job, for how long, and how that ended. */
import type { AttemptBody } from '../../client/index.ts';
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';
import { durationText } from '../terminal/duration.ts';
import { printable } from '../terminal/printable.ts';

export const attempts = defineCommand({
  name: 'attempts',
  summary: 'list the attempts of a job',
  description:
    'A line for each, the latest last: its number, its start, how it ended and after how long, and who made it. A failed one is followed by its error. With --json as the ' +
    'server has them.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: CONNECTION_OPTIONS,
  examples: ['bide attempts ID', 'bide attempts ID --json | jq -r ".attempts[].error.code"'],
  async run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    const found = await client.attempts(await jobIdOf(client, args[0] ?? ''));
    if (values.json) terminal.line(JSON.stringify({ attempts: found }));
    else for (const line of found.flatMap(linesOf)) terminal.line(line);
    if (found.length === 0 && !values.json) terminal.note('No attempts yet.');
    return EXIT.succeeded;
  },
});

function linesOf({ number, startedAt, endedAt, outcome, worker, error }: AttemptBody): readonly string[] {
  const tookMs = endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt);
  const end = tookMs === null ? outcome : `${outcome} after ${durationText(tookMs)}`;
  const by = worker === null ? '' : ` by ${printable(worker)}`;
  const line = `${number}  ${startedAt}  ${end}${by}`;
  return error === null ? [line] : [line, `   ${printable(`${error.code}: ${error.message}`)}`];
}
