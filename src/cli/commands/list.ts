/** `bide list`: jobs, newest first unless told, by state, type, tags, error and time. */
import type { Client, ListSort } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { FILTER_OPTIONS, filterOf } from '../filter-options.ts';
import type { OptionTable } from '../option.ts';
import { jobRow, LIST_HEAD } from '../terminal/job-text.ts';

const JOBS = 50;
/** The server's default `listPageMax`. */
const PAGE = 500;

const SORTS: readonly ListSort[] = ['newest', 'oldest', 'newestFinished', 'oldestFinished'];

const OPTIONS = {
  ...FILTER_OPTIONS,
  sort: { kind: 'choice', choices: SORTS, help: 'by submit (newest), or by end' },
  limit: { kind: 'whole', min: 1, max: 10_000_000, value: 'N', help: `at most this many (${JOBS})` },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const list = defineCommand({
  name: 'list',
  summary: 'list jobs, newest first',
  options: OPTIONS,
  examples: [
    'bide list --state running --state queued',
    'bide list --error TIMEOUT --finished-within 1h',
    'bide list --type report --tag team=x --limit 500 --json',
  ],
  run: listAndTell,
});

async function listAndTell({ values, env, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const limit = values.limit ?? JOBS;
  const client = connect(values, env, { triesMax: 2 });
  const filter = {
    ...filterOf(values),
    sort: values.sort as ListSort | undefined,
    pageSize: Math.min(limit, PAGE),
  };
  const view = { nowMs: Date.now(), columns: terminal.columns };
  let count = 0;
  for await (const job of client.list(filter)) {
    if (values.json) terminal.line(JSON.stringify(job));
    else {
      if (count === 0) terminal.line(LIST_HEAD);
      terminal.line(jobRow(job, view));
    }
    count += 1;
    if (count === limit) break;
  }
  if (count === 0 && !values.json) terminal.note(`No jobs.${await unknownTypes(client, values.type)}`);
  return EXIT.succeeded;
}

/** A type that was mistyped has no jobs; one that was taken out of the config may still have some, so this is asked last. */
async function unknownTypes(client: Client, asked: readonly string[]): Promise<string> {
  if (asked.length === 0) return '';
  const known = (await client.types()).map(({ name }) => name);
  const unknown = asked.filter((name) => !known.includes(name));
  return unknown
    .map((name) => {
      const meant = nearest(name, known);
      return ` There is no job type ${name}${meant === null ? ': `bide types` lists them.' : `: did you mean ${meant}?`}`;
    })
    .join('');
}
