/** `bide schedules`: jobs that are submitted again and again. */
import type { Client, ScheduleBody, ScheduleDraft } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { SCHEDULE_TAG } from '../../core/schedules/schedule.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { JOB_OPTIONS, jobFieldsOf, optionsOf } from '../job-options.ts';
import type { OptionTable } from '../option.ts';
import { printable } from '../terminal/printable.ts';
import { scheduleLines } from '../terminal/schedule-text.ts';
import { usageError } from '../usage-error.ts';

const LIMIT = 50;

const OPTIONS = {
  cron: { kind: 'text', value: 'CRON', help: 'set: five or six fields, @daily and its like, or @every 10m' },
  zone: { kind: 'text', value: 'ZONE', help: 'set: time zone, such as Europe/Berlin (UTC)' },
  type: { kind: 'text', value: 'TYPE', help: 'set: type of the job' },
  jitter: { kind: 'duration', value: 'TIME', help: 'set: each job is due up to so long after its tick, such as 30s' },
  overlap: {
    kind: 'choice',
    choices: ['allow', 'skip', 'queue'],
    value: 'WORD',
    help: 'set: while an earlier job is unfinished (allow)',
  },
  missed: {
    kind: 'choice',
    choices: ['skip', 'last', 'all'],
    value: 'WORD',
    help: 'set: ticks that nobody was there for (last)',
  },
  start: { kind: 'text', value: 'WHEN', help: 'set: no tick before then, such as 2030-01-31T12:00:00Z' },
  end: { kind: 'text', value: 'WHEN', help: 'set: no tick then or after' },
  ...optionsOf('set', JOB_OPTIONS),
  'idempotency-key': { kind: 'text', value: 'KEY', help: 'run: the same key answers with the same job' },
  limit: { kind: 'whole', min: 1, max: 1_000_000, value: 'N', help: `runs: at most this many (${LIMIT})` },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

type SchedulesInvocation = Invocation<typeof OPTIONS>;
type Action = (client: Client, invocation: SchedulesInvocation, name: string) => Promise<void>;

const ACTIONS: Readonly<Record<string, { readonly takes: 0 | 1; readonly run: Action }>> = {
  list: { takes: 0, run: list },
  set: { takes: 1, run: set },
  show: { takes: 1, run: async (client, invocation, name) => tell(invocation, await client.schedules.get(name)) },
  remove: { takes: 1, run: remove },
  pause: { takes: 1, run: async (client, invocation, name) => tell(invocation, await client.schedules.pause(name)) },
  resume: { takes: 1, run: async (client, invocation, name) => tell(invocation, await client.schedules.resume(name)) },
  run: { takes: 1, run: runNow },
  runs: { takes: 1, run: runs },
};

export const schedules = defineCommand({
  name: 'schedules',
  summary: 'have jobs submitted again and again',
  description: 'Changes need a key with the scope operate. docs/features/schedules.md says what happens when.',
  arguments: { usage: `list | ACTION NAME`, min: 1, max: 2 },
  options: OPTIONS,
  examples: [
    `bide schedules set nightly --cron '30 2 * * MON-FRI' --zone Europe/Berlin --type sleep --input '{"ms": 10}'`,
    `bide schedules set calls --cron '@every 10m' --type call --limit-key customer-42 --limit-concurrency 3 --unique calls`,
    'bide schedules list',
    'bide schedules pause nightly',
    'bide schedules run nightly',
    'bide schedules runs nightly --limit 5',
  ],
  run: dispatch,
});

async function dispatch(invocation: SchedulesInvocation): Promise<ExitCode> {
  const [word = '', name = ''] = invocation.args;
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
  if (action === undefined) {
    const words = Object.keys(ACTIONS);
    const meant = nearest(word, words);
    const hint = meant === null ? `one of ${words.join(', ')}` : `\`bide schedules ${meant}\``;
    throw usageError(`There is no \`bide schedules ${word}\`: did you mean ${hint}?`);
  }
  if (invocation.args.length !== action.takes + 1)
    throw usageError(`The command is \`bide schedules ${word}${action.takes === 1 ? ' NAME' : ''}\`.`);
  await action.run(connect(invocation.values, invocation.env, { triesMax: 2 }), invocation, name);
  return EXIT.succeeded;
}

async function list(client: Client, { values, terminal }: SchedulesInvocation): Promise<void> {
  const found: ScheduleBody[] = [];
  for await (const schedule of client.schedules.list()) found.push(schedule);
  const lines = values.json ? found.map((one) => JSON.stringify(one)) : scheduleLines(found, terminal.columns);
  for (const line of lines) terminal.line(line);
  if (found.length === 0 && !values.json) terminal.note('No schedules.');
}

async function set(client: Client, invocation: SchedulesInvocation, name: string): Promise<void> {
  tell(invocation, await client.schedules.put(name, await draftOf(invocation)));
}

async function draftOf({ values, terminal }: SchedulesInvocation): Promise<ScheduleDraft> {
  const { cron, zone, type, jitter, overlap, missed, start, end } = values;
  if (cron === undefined || type === undefined) throw usageError('Needs --cron and --type.');
  const job = { type, ...(await jobFieldsOf(values, terminal)) };
  const times = { jitterMs: jitter, overlap, missed, startAt: start, endAt: end };
  return { cron, timeZone: zone, ...times, job } as ScheduleDraft;
}

function tell({ values, terminal }: SchedulesInvocation, schedule: ScheduleBody): void {
  const lines = values.json ? [JSON.stringify(schedule)] : scheduleLines([schedule], terminal.columns);
  for (const line of lines) terminal.line(line);
  if (values.json) return;
  for (const tick of schedule.next.slice(1)) terminal.note(`then ${tick}`);
  const { lastSkip } = schedule;
  if (lastSkip !== null) terminal.note(`no job at ${lastSkip.tick}: ${printable(lastSkip.message)}`);
}

async function remove(client: Client, { values, terminal }: SchedulesInvocation, name: string): Promise<void> {
  await client.schedules.remove(name);
  terminal.line(values.json ? JSON.stringify({ name, removed: true }) : `${printable(name)} removed`);
}

async function runNow(client: Client, { values, terminal }: SchedulesInvocation, name: string): Promise<void> {
  const job = await client.schedules.run(name, { idempotencyKey: values['idempotency-key'] });
  terminal.line(values.json ? JSON.stringify(job) : job.id);
}

async function runs(client: Client, { values, terminal }: SchedulesInvocation, name: string): Promise<void> {
  let left = values.limit ?? LIMIT;
  for await (const job of client.list({ tags: { [SCHEDULE_TAG]: name }, pageSize: Math.min(left, 500) })) {
    if (left === 0) break;
    left -= 1;
    terminal.line(values.json ? JSON.stringify(job) : `${job.schedule?.tick ?? '-'} ${job.state} ${job.id}`);
  }
}
