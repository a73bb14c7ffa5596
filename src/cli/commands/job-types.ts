/** `bide types`: what the server can be asked to do, and pausing some of it. */
import type { Client, TypeBody } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { shortDuration, typedDuration } from '../terminal/duration.ts';
import { boundsText } from '../terminal/limit-text.ts';
import { printable } from '../terminal/printable.ts';
import { tableLines } from '../terminal/table.ts';
import { usageError } from '../usage-error.ts';

const ACTIONS = ['pause', 'resume'] as const;
type TypesInvocation = Invocation<typeof CONNECTION_OPTIONS>;

export const jobTypes = defineCommand({
  name: 'types',
  summary: 'list, pause and resume job types',
  description:
    'OLDEST is for how long the first job has been due; FAILED and P95 (of run times) are of the last hour. Limits of types and priorities that age are said below. Of a paused type nothing is started, by no server or worker and for no tenant, until it is resumed. Jobs of it that run go on, and submits are taken.',
  arguments: { usage: '[pause | resume NAME…]', min: 0, max: Number.POSITIVE_INFINITY },
  options: CONNECTION_OPTIONS,
  examples: [
    'bide types',
    'bide types --json | jq -r .name',
    'bide types pause thumbnail',
    'bide types resume thumbnail',
  ],
  run: dispatch,
});

async function dispatch({ values, env, args, terminal }: TypesInvocation): Promise<ExitCode> {
  const [action, ...names] = args;
  if (action !== undefined) requireSense(action, names);
  const client = connect(values, env, { triesMax: 2 });
  const types = action === undefined ? await client.types() : await changed(client, action, names);
  const lines = values.json ? types.map((type) => JSON.stringify(type)) : typeLines(types, terminal.columns);
  for (const line of lines) terminal.line(line);
  if (!values.json) for (const note of types.flatMap(moreText)) terminal.note(note);
  if (types.length === 0 && !values.json)
    terminal.note('No types: add some to the config, or start with --playground.');
  return EXIT.succeeded;
}

function requireSense(action: string, names: readonly string[]): void {
  if (!(ACTIONS as readonly string[]).includes(action)) {
    const meant = nearest(action, ACTIONS) ?? 'pause';
    throw usageError(`There is no \`bide types ${action}\`: did you mean \`bide types ${meant} NAME\`?`);
  }
  if (names.length === 0) throw usageError(`\`bide types ${action}\` needs NAME…: \`bide types\` shows them.`);
}

async function changed(client: Client, action: string, names: readonly string[]): Promise<readonly TypeBody[]> {
  const types: TypeBody[] = [];
  for (const name of names)
    types.push(action === 'pause' ? await client.pauseType(name) : await client.resumeType(name));
  return types;
}

/** What stays in sight beside the longest name. */
const OTHERS_WIDTH = 67;

function typeLines(types: readonly TypeBody[], columns: number): readonly string[] {
  return tableLines<TypeBody>(
    [
      { head: 'TYPE', widthMax: Math.max(12, columns - OTHERS_WIDTH), text: ({ name }) => printable(name) },
      { head: 'KIND', widthMax: 8, text: ({ kind }) => kind },
      { head: 'SLOTS', widthMax: 6, text: ({ slots }) => String(slots) },
      { head: 'RUNNING', widthMax: 8, text: ({ running }) => String(running) },
      { head: 'WAITING', widthMax: 9, text: ({ waiting }) => String(waiting) },
      { head: 'OLDEST', widthMax: 6, text: ({ oldestWaitingMs }) => timeText(oldestWaitingMs) },
      { head: 'FAILED', widthMax: 6, text: ({ last60Minutes }) => String(last60Minutes.failed) },
      { head: 'P95', widthMax: 6, text: ({ last60Minutes }) => timeText(last60Minutes.runMsP95) },
      { head: '', widthMax: 6, text: ({ paused }) => (paused ? 'paused' : '') },
    ],
    types,
    columns,
  );
}

/** Of the few that have a limit for all servers together, or priorities that age. */
function moreText({ name, limit, agingMs }: TypeBody): readonly string[] {
  const words = [
    ...(limit === null ? [] : [`${boundsText(limit)} ${limit.perKey ? 'for each key' : 'on all servers together'}`]),
    ...(agingMs === null ? [] : [`a priority higher by one counts ${typedDuration(agingMs)}`]),
  ];
  return words.length === 0 ? [] : [`${printable(name)}: ${words.join('; ').trim()}`];
}

function timeText(ms: number | null): string {
  return ms === null ? '-' : shortDuration(ms);
}
