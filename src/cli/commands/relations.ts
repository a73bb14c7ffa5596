/** `bide parents` and `bide children`: the jobs that a job comes after, and those that come after it. */
import type { JobBody, UnknownJob } from '../../client/index.ts';
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';
import type { OptionTable } from '../option.ts';
import { jobRow, LIST_HEAD } from '../terminal/job-text.ts';
import type { Terminal } from '../terminal/terminal.ts';

const JOBS = 50;

const CHILDREN_OPTIONS = {
  limit: { kind: 'whole', min: 1, max: 10_000_000, value: 'N', help: `at most this many (${JOBS})` },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const parents = defineCommand({
  name: 'parents',
  summary: 'list the jobs that a job comes after',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: CONNECTION_OPTIONS,
  examples: ['bide parents ID', 'bide parents ID --json | jq .result'],
  async run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    const found = await client.parents(await jobIdOf(client, args[0] ?? ''));
    const show = shower(terminal, values.json);
    for (const job of found) show(job);
    if (found.length === 0 && !values.json) terminal.note('It comes after none.');
    return EXIT.succeeded;
  },
});

export const children = defineCommand({
  name: 'children',
  summary: 'list the jobs that come after a job',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: CHILDREN_OPTIONS,
  examples: ['bide children ID', 'bide children ID --limit 10000 --json | jq -r .id'],
  async run({ values, env, args, terminal }) {
    const limit = values.limit ?? JOBS;
    const client = connect(values, env, { triesMax: 2 });
    const show = shower(terminal, values.json);
    let count = 0;
    for await (const job of client.children(await jobIdOf(client, args[0] ?? ''))) {
      show(job);
      count += 1;
      if (count === limit) break;
    }
    if (count === 0 && !values.json) terminal.note('None comes after it.');
    return EXIT.succeeded;
  },
});

/** Shows jobs below a head, or as JSON. */
function shower(terminal: Terminal, isJson: boolean): (job: JobBody | UnknownJob) => void {
  const view = { nowMs: Date.now(), columns: terminal.columns };
  let isFirst = true;
  return (job) => {
    if (isJson) return terminal.line(JSON.stringify(job));
    if (isFirst) terminal.line(LIST_HEAD);
    isFirst = false;
    terminal.line(job.state === 'unknown' ? `${job.id}  removed` : jobRow(job, view));
  };
}
