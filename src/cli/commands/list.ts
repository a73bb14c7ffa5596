/** `bide list`: jobs, newest first unless told, by state, type, tags, error and time. */
import type { Client, ListSort } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { SHOWN_STATES, type ShownState } from '../../core/state.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { tagsOf } from '../tags.ts';
import { jobRow, LIST_HEAD } from '../terminal/job-text.ts';
import { usageError } from '../usage-error.ts';

const JOBS = 50;
/** The server's default `listPageMax`. */
const PAGE = 500;

const SORTS: readonly ListSort[] = ['newest', 'oldest', 'newestFinished', 'oldestFinished'];

const OPTIONS = {
  state: { kind: 'list', value: 'STATE', help: `only in this state; may be repeated (${SHOWN_STATES.join(', ')})` },
  type: { kind: 'list', value: 'TYPE', help: 'only of this type; may be repeated' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'only with this tag; may be repeated, all must match' },
  error: {
    kind: 'text',
    value: 'CODE',
    help: 'only failed, expired or cancelled with this error, by the time of their end',
  },
  'finished-within': { kind: 'duration', value: 'TIME', help: 'only finished in the last TIME, such as 1h' },
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
  const states = statesOf(values.state);
  const limit = values.limit ?? JOBS;
  const client = connect(values, env, { triesMax: 2 });
  const within = values['finished-within'];
  const filter = {
    states,
    types: values.type,
    tags: tagsOf(values.tag),
    errorCode: values.error,
    finishedFrom: within === undefined ? undefined : new Date(Date.now() - within),
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

function statesOf(words: readonly string[]): readonly ShownState[] {
  for (const word of words) {
    if ((SHOWN_STATES as readonly string[]).includes(word)) continue;
    const meant = nearest(word, SHOWN_STATES);
    const hint = meant === null ? '' : ` Did you mean ${meant}?`;
    throw usageError(`Option --state takes one of ${SHOWN_STATES.join(', ')}, not ${word}.${hint}`);
  }
  return words as readonly ShownState[];
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
