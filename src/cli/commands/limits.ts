/** `bide limits`: how much of the jobs with a key runs. */
import type { Client, LimitBody } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { rateOf } from '../rate.ts';
import { limitLines } from '../terminal/limit-text.ts';
import { printable } from '../terminal/printable.ts';
import { usageError } from '../usage-error.ts';

const OPTIONS = {
  concurrency: { kind: 'whole', min: 1, max: 1_000_000, value: 'N', help: 'set: so many at once (any number)' },
  rate: { kind: 'text', value: 'N/TIME', help: 'set: so many starts in any such time, such as 100/1m (any number)' },
  for: { kind: 'duration', value: 'TIME', help: 'close: opens by itself after it, such as 30s (until it is opened)' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

type LimitsInvocation = Invocation<typeof OPTIONS>;
type Action = (client: Client, invocation: LimitsInvocation, key: string) => Promise<void>;

const ACTIONS: Readonly<Record<string, { readonly takes: 0 | 1; readonly run: Action }>> = {
  list: { takes: 0, run: list },
  show: { takes: 1, run: async (client, invocation, key) => tell(invocation, await client.limits.get(key)) },
  set: { takes: 1, run: set },
  close: { takes: 1, run: close },
  open: { takes: 1, run: async (client, invocation, key) => tell(invocation, await client.limits.open(key)) },
  remove: { takes: 1, run: remove },
};

export const limits = defineCommand({
  name: 'limits',
  summary: 'set, close and open what holds for jobs with the same key',
  description: 'Changes need a key with the scope operate. docs/features/limits-per-key.md says what happens when.',
  arguments: { usage: 'list | ACTION KEY', min: 1, max: 2 },
  options: OPTIONS,
  examples: [
    'bide limits set customer-42 --concurrency 3 --rate 100/1m',
    'bide limits list',
    'bide limits close customer-42 --for 30s',
    'bide limits open customer-42',
    'bide limits remove customer-42',
  ],
  run: dispatch,
});

async function dispatch(invocation: LimitsInvocation): Promise<ExitCode> {
  const [word = '', key = ''] = invocation.args;
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
  if (action === undefined) {
    const words = Object.keys(ACTIONS);
    const meant = nearest(word, words);
    const hint = meant === null ? `one of ${words.join(', ')}` : `\`bide limits ${meant}\``;
    throw usageError(`There is no \`bide limits ${word}\`: did you mean ${hint}?`);
  }
  if (invocation.args.length !== action.takes + 1)
    throw usageError(`The command is \`bide limits ${word}${action.takes === 1 ? ' KEY' : ''}\`.`);
  await action.run(connect(invocation.values, invocation.env, { triesMax: 2 }), invocation, key);
  return EXIT.succeeded;
}

async function list(client: Client, { values, terminal }: LimitsInvocation): Promise<void> {
  const found: LimitBody[] = [];
  for await (const limit of client.limits.list({ pageSize: 500 })) found.push(limit);
  const lines = values.json ? found.map((one) => JSON.stringify(one)) : limitLines(found, terminal.columns);
  for (const line of lines) terminal.line(line);
  if (found.length === 0 && !values.json) terminal.note('No key has a limit.');
}

async function set(client: Client, invocation: LimitsInvocation, key: string): Promise<void> {
  const { concurrency, rate } = invocation.values;
  if (concurrency === undefined && rate === undefined) throw usageError('Needs --concurrency, --rate or both.');
  const bounds = { concurrency: concurrency ?? null, rate: rate === undefined ? null : rateOf('--rate', rate) };
  tell(invocation, await client.limits.set(key, bounds));
}

async function close(client: Client, invocation: LimitsInvocation, key: string): Promise<void> {
  tell(invocation, await client.limits.close(key, { closeMs: invocation.values.for }));
}

async function remove(client: Client, { values, terminal }: LimitsInvocation, key: string): Promise<void> {
  await client.limits.remove(key);
  const said = `${printable(key)}: its jobs have the say again`;
  terminal.line(values.json ? JSON.stringify({ key, removed: true }) : said);
}

function tell({ values, terminal }: LimitsInvocation, limit: LimitBody): void {
  const lines = values.json ? [JSON.stringify(limit)] : limitLines([limit], terminal.columns);
  for (const line of lines) terminal.line(line);
}
