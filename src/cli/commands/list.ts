/** `bide list`: jobs, newest first, by state, type and tags. */
import { SHOWN_STATES, type ShownState } from '../../core/state.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { nearest } from '../nearest.ts';
import type { OptionTable } from '../option.ts';
import { tagsOf } from '../tags.ts';
import { jobRow, LIST_HEAD } from '../terminal/job-text.ts';
import { usageError } from '../usage-error.ts';

const JOBS = 50;
/** The server's default `listPageMax`. */
const PAGE = 500;

const OPTIONS = {
  state: { kind: 'list', value: 'STATE', help: `only in this state; may be repeated (${SHOWN_STATES.join(', ')})` },
  type: { kind: 'list', value: 'TYPE', help: 'only of this type; may be repeated' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'only with this tag; may be repeated, all must match' },
  limit: { kind: 'whole', min: 1, max: 10_000_000, value: 'N', help: `at most this many (${JOBS})` },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const list = defineCommand({
  name: 'list',
  summary: 'list jobs, newest first',
  options: OPTIONS,
  examples: ['bide list --state running --state queued', 'bide list --type report --tag team=x --limit 500 --json'],
  run: listAndTell,
});

async function listAndTell({ values, env, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const states = statesOf(values.state);
  const limit = values.limit ?? JOBS;
  const client = connect(values, env, { triesMax: 2 });
  const filter = { states, types: values.type, tags: tagsOf(values.tag), pageSize: Math.min(limit, PAGE) };
  let count = 0;
  for await (const job of client.list(filter)) {
    if (values.json) terminal.line(JSON.stringify(job));
    else {
      if (count === 0) terminal.line(LIST_HEAD);
      terminal.line(jobRow(job));
    }
    count += 1;
    if (count === limit) break;
  }
  if (count === 0 && !values.json) terminal.note('No jobs.');
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
