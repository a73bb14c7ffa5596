/** `bide events`: the changes of all jobs, those that are kept or, with --follow, those to come. */
import type { ChangeBody, FeedGap } from '../../client/index.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { FILTER_OPTIONS, statesOf } from '../filter-options.ts';
import type { OptionTable } from '../option.ts';
import { tagsOf } from '../tags.ts';
import { printable } from '../terminal/printable.ts';

const OPTIONS = {
  follow: { kind: 'flag', short: 'f', help: 'go on with what happens from now on, or behind --after' },
  type: FILTER_OPTIONS.type,
  state: FILTER_OPTIONS.state,
  tag: FILTER_OPTIONS.tag,
  after: { kind: 'text', value: 'CURSOR', help: 'only what is behind it; oldest for all that is kept' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const events = defineCommand({
  name: 'events',
  summary: 'show how jobs change',
  description:
    'One line per change: time, what happened, job, type and error. Without --follow what is kept, which begins when somebody first reads the feed. With --json ' +
    'each change as the server has it, with the cursor to go on behind it.',
  options: OPTIONS,
  examples: [
    'bide events --follow',
    'bide events --follow --type report --state failed',
    'bide events --json | jq -r .job.id',
  ],
  run: showEvents,
});

async function showEvents({ values, env, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const client = connect(values, env, { triesMax: 2 });
  const filter = { types: values.type, states: statesOf(values.state), tags: tagsOf(values.tag) };
  const show = (change: ChangeBody | FeedGap) => {
    if (values.json) terminal.line(JSON.stringify(change));
    else if (change.kind === 'gap') terminal.note('Changes are missing here: the server has kept them no more.');
    else terminal.line(lineText(change));
  };
  if (values.follow) {
    for await (const change of client.feed({ ...filter, after: values.after })) show(change);
    return EXIT.succeeded;
  }
  for (let after = values.after ?? 'oldest'; ; ) {
    const { events: changes, next, gap } = await client.feedPage({ ...filter, after });
    if (gap) show({ kind: 'gap', cursor: next });
    for (const change of changes) show(change);
    if (changes.length === 0 && !gap) return EXIT.succeeded;
    after = next;
  }
}

function lineText({ kind, at, job }: ChangeBody): string {
  const { percent, message } = job.progress;
  const progress = kind === 'job.progressed' ? ` ${percent ?? '-'}%${message === null ? '' : ` ${message}`}` : '';
  const error = job.error === null ? '' : ` ${job.error.code}: ${job.error.message}`;
  return `${at} ${kind.slice(4).padEnd(10)} ${job.id} ${printable(job.type + progress + error)}`;
}
