/** `bide groups`: jobs that are looked at as one. */
import type { Client, GroupBody, JobBody, SubmitBody } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { INPUT_OPTION, inputOf } from '../job-input.ts';
import type { OptionTable } from '../option.ts';
import { groupFacts, groupLine } from '../terminal/group-text.ts';
import { jobLine } from '../terminal/job-text.ts';
import { usageError } from '../usage-error.ts';
import { PATIENT_TRIES } from '../wait-for-jobs.ts';

/** Jobs of one call: the server's default `jobsPerCallMax`, and a body well below its largest. */
const PORTION = 500;
const LIMIT = 50;

/** By a name: the linter takes an object with `then` for a promise. */
const THEN = 'then';

const FOLLOW_UP = 'TYPE|JSON|@FILE';

const OPTIONS = {
  jobs: {
    ...INPUT_OPTION,
    short: 'j',
    help: 'create, add: the jobs, as a JSON array of what a submit takes: [{"type": "echo", "input": 1}]',
  },
  open: { kind: 'flag', help: 'create: takes more jobs, until `bide groups close`' },
  [THEN]: {
    kind: 'text',
    value: FOLLOW_UP,
    help: 'create: is submitted at the end: a job of this type, or what a submit takes as JSON',
  },
  'on-success': { kind: 'text', value: FOLLOW_UP, help: 'create: the same, where all jobs have succeeded' },
  'on-failure': { kind: 'text', value: FOLLOW_UP, help: 'create: the same, where one has not' },
  retain: { kind: 'duration', value: 'TIME', help: 'create: how long the group is kept after its end' },
  'idempotency-key': { kind: 'text', value: 'KEY', help: 'create: the same key answers with the same group' },
  wait: { kind: 'flag', help: 'create, close: wait for the end' },
  timeout: { kind: 'duration', value: 'TIME', help: 'wait: the longest, such as 60s; without it until the end' },
  limit: { kind: 'whole', min: 1, max: 1_000_000, value: 'N', help: `list: at most this many (${LIMIT})` },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

type GroupsInvocation = Invocation<typeof OPTIONS>;
type Action = (client: Client, invocation: GroupsInvocation, args: readonly string[]) => Promise<ExitCode>;

/** What each takes behind its name: how many at least and at most. */
const ACTIONS: Readonly<
  Record<string, { readonly usage: string; readonly takes: readonly [number, number]; readonly run: Action }>
> = {
  create: { usage: '', takes: [0, 0], run: create },
  add: { usage: ' ID [JOB…]', takes: [1, Number.POSITIVE_INFINITY], run: add },
  close: { usage: ' ID', takes: [1, 1], run: close },
  show: { usage: ' ID', takes: [1, 1], run: show },
  wait: { usage: ' ID', takes: [1, 1], run: (_, invocation, [id = '']) => waitFor(invocation, id) },
  jobs: { usage: ' ID', takes: [1, 1], run: jobs },
  cancel: {
    usage: ' ID',
    takes: [1, 1],
    run: (client, invocation, [id = '']) => changeAll(invocation, client.groups.cancel(id)),
  },
  retry: {
    usage: ' ID',
    takes: [1, 1],
    run: (client, invocation, [id = '']) => changeAll(invocation, client.groups.retry(id)),
  },
  list: { usage: '', takes: [0, 0], run: list },
  remove: { usage: ' ID', takes: [1, 1], run: remove },
};

export const groups = defineCommand({
  name: 'groups',
  summary: 'jobs that are looked at as one, and what is submitted at their end',
  description:
    'A group ends once, when it is closed and all of its jobs are final. The job that is submitted then gets its counts as input. `cancel` closes it, and cancels ' +
    'what is not final; `retry` runs again what did not succeed. docs/features/groups.md has it all.',
  arguments: { usage: 'create | list | ACTION ID [JOB…]', min: 1, max: Number.POSITIVE_INFINITY },
  options: OPTIONS,
  examples: [
    'bide groups create --jobs @jobs.json --on-failure alarm --wait',
    `bide groups create --jobs @jobs.json --then '{"type": "join", "input": {"report": 7}, "priority": -5}'`,
    'bide groups create --open',
    'bide groups add ID --jobs -',
    'bide groups close ID --wait',
    'bide groups jobs ID',
  ],
  run: dispatch,
});

async function dispatch(invocation: GroupsInvocation): Promise<ExitCode> {
  const [name = '', ...args] = invocation.args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    const names = Object.keys(ACTIONS);
    const meant = nearest(name, names);
    const hint = meant === null ? `one of ${names.join(', ')}` : `\`bide groups ${meant}\``;
    throw usageError(`There is no \`bide groups ${name}\`: did you mean ${hint}?`);
  }
  const [least, most] = action.takes;
  if (args.length < least || args.length > most)
    throw usageError(`The command is \`bide groups ${name}${action.usage}\`.`);
  return action.run(connect(invocation.values, invocation.env, { triesMax: 2 }), invocation, args);
}

async function create(client: Client, invocation: GroupsInvocation): Promise<ExitCode> {
  const { values } = invocation;
  const asked = await jobsOf(invocation);
  const draft = { ...(await followUpsOf(invocation)), retainMs: values.retain };
  const isOne = asked.length <= PORTION;
  const isOpen = values.open || !isOne;
  const key = values['idempotency-key'];
  let group = await client.groups.create({ ...draft, isOpen, jobs: isOne ? asked : [] }, { idempotencyKey: key });
  if (!isOne) {
    await addAll(client, group.id, asked, key);
    group = values.open ? await client.groups.get(group.id) : await client.groups.close(group.id);
  }
  if (values.wait) return waitFor(invocation, group.id);
  return tell(invocation, group);
}

async function followUpsOf({ values, terminal }: GroupsInvocation): Promise<object> {
  const said: [string, unknown][] = [];
  for (const [slot, option] of [
    [THEN, THEN],
    ['onSuccess', 'on-success'],
    ['onFailure', 'on-failure'],
  ] as const) {
    const text = values[option];
    if (text === undefined) continue;
    const isWhole = text.startsWith('{') || text.startsWith('@');
    said.push([slot, isWhole ? await inputOf(text, terminal, `--${option}`) : { type: text }]);
  }
  return Object.fromEntries(said);
}

/** A portion that is sent again because its answer was lost is known by its key. */
async function addAll(
  client: Client,
  id: string,
  jobs: readonly SubmitBody[],
  run: string = crypto.randomUUID(),
): Promise<void> {
  for (let from = 0; from < jobs.length; from += PORTION) {
    await client.groups.add(id, { jobs: jobs.slice(from, from + PORTION) }, { idempotencyKey: `${run}-${from}` });
  }
}

async function add(
  client: Client,
  invocation: GroupsInvocation,
  [id = '', ...ids]: readonly string[],
): Promise<ExitCode> {
  const jobs = await jobsOf(invocation);
  if (jobs.length + ids.length === 0) throw usageError('`bide groups add` takes ids of jobs, --jobs, or both.');
  if (jobs.length > 0) await addAll(client, id, jobs);
  for (let from = 0; from < ids.length; from += PORTION) {
    await client.groups.add(id, { ids: ids.slice(from, from + PORTION) });
  }
  return tell(invocation, await client.groups.get(id));
}

async function jobsOf({ values, terminal }: GroupsInvocation): Promise<readonly SubmitBody[]> {
  if (values.jobs === undefined) return [];
  const jobs = await inputOf(values.jobs, terminal, '--jobs');
  if (!Array.isArray(jobs))
    throw usageError('Option --jobs takes a JSON array of jobs: [{"type": "echo", "input": 1}]');
  return jobs as unknown as readonly SubmitBody[];
}

async function close(client: Client, invocation: GroupsInvocation, [id = '']: readonly string[]): Promise<ExitCode> {
  const group = await client.groups.close(id);
  return invocation.values.wait ? waitFor(invocation, id) : tell(invocation, group);
}

async function show(
  client: Client,
  { values, terminal }: GroupsInvocation,
  [id = '']: readonly string[],
): Promise<ExitCode> {
  const group = await client.groups.get(id);
  for (const line of values.json ? [JSON.stringify(group)] : groupFacts(group)) terminal.line(line);
  return EXIT.succeeded;
}

async function waitFor(invocation: GroupsInvocation, id: string): Promise<ExitCode> {
  const { values, env, terminal } = invocation;
  const patient = connect(values, env, { triesMax: PATIENT_TRIES });
  const { timeout: timeoutMs } = values;
  const { isSatisfied, group } = await patient.groups.wait(id, timeoutMs === undefined ? {} : { timeoutMs });
  tell(invocation, group);
  if (!isSatisfied) {
    terminal.note(`bide: Not done in time. The group goes on; \`bide groups wait ${id}\` waits again.`);
    return EXIT.timeout;
  }
  return group.outcome === 'succeeded' ? EXIT.succeeded : EXIT.unsuccessful;
}

async function jobs(
  client: Client,
  { values, terminal }: GroupsInvocation,
  [id = '']: readonly string[],
): Promise<ExitCode> {
  for await (const job of client.groups.jobs(id)) terminal.line(values.json ? JSON.stringify(job) : jobLine(job));
  return EXIT.succeeded;
}

async function changeAll({ values, env, terminal }: GroupsInvocation, asked: Promise<JobBody>): Promise<ExitCode> {
  const { id } = await asked;
  const { job } = await connect(values, env, { triesMax: PATIENT_TRIES }).wait(id);
  terminal.line(values.json ? JSON.stringify(job) : job.state === 'succeeded' ? changedText(job) : jobLine(job));
  return job.state === 'succeeded' ? EXIT.succeeded : EXIT.unsuccessful;
}

function changedText({ result }: JobBody): string {
  const { changed, skipped, failed } = result as Readonly<Record<'changed' | 'skipped' | 'failed', number>>;
  return `${changed} changed, ${skipped} skipped, ${failed} failed`;
}

async function list(client: Client, { values, terminal }: GroupsInvocation): Promise<ExitCode> {
  const { limit = LIMIT } = values;
  let count = 0;
  for await (const group of client.groups.list({ pageSize: Math.min(limit, LIMIT) })) {
    terminal.line(values.json ? JSON.stringify(group) : groupLine(group));
    count += 1;
    if (count === limit) break;
  }
  if (count === 0 && !values.json) terminal.note('No groups.');
  return EXIT.succeeded;
}

async function remove(
  client: Client,
  { values, terminal }: GroupsInvocation,
  [id = '']: readonly string[],
): Promise<ExitCode> {
  await client.groups.remove(id);
  terminal.line(values.json ? JSON.stringify({ id, removed: true }) : `${id} removed; its jobs stay`);
  return EXIT.succeeded;
}

function tell({ values, terminal }: GroupsInvocation, group: GroupBody): ExitCode {
  terminal.line(values.json ? JSON.stringify(group) : groupLine(group));
  return EXIT.succeeded;
}
