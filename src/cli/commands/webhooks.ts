/** `bide webhooks`: who is told of jobs, and what came of telling them. */
import { setTimeout } from 'node:timers/promises';
import type {
  Client,
  DeliveryStateWord,
  WebhookBody,
  WebhookEventWord,
  WebhookWithSecret,
} from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { EVENT_WORDS } from '../../core/webhooks/event-words.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { tagsOf } from '../tags.ts';
import { printable } from '../terminal/printable.ts';
import { deliveryLines, lastText, webhookLines } from '../terminal/webhook-text.ts';
import { usageError } from '../usage-error.ts';

const LIMIT = 50;
const LOOK_MS = 100;
const LOOKS = 150;
/** The server's default `listPageMax`. */
const PAGE = 500;

const OPTIONS = {
  event: { kind: 'list', value: 'EVENT', help: 'add: what it is told of; may be repeated (the four that end a job)' },
  type: { kind: 'list', value: 'TYPE', help: 'add: only jobs of this type; may be repeated' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'add: only jobs with this tag; may be repeated' },
  dialect: { kind: 'text', value: 'NAME', help: 'add: in whose words it is told, such as openai (native)' },
  secret: { kind: 'text', value: 'SECRET', help: 'add, rotate: whsec_…, where the receiver has one (made)' },
  state: {
    kind: 'choice',
    choices: ['pending', 'delivered', 'failed'],
    value: 'STATE',
    help: 'deliveries: only those that are pending, delivered or failed',
  },
  limit: { kind: 'whole', min: 1, max: 1_000_000, value: 'N', help: `deliveries: at most this many (${LIMIT})` },
  since: { kind: 'duration', value: 'TIME', help: 'redeliver: all that failed of the last TIME, such as 2h' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

type WebhooksInvocation = Invocation<typeof OPTIONS>;
/** Its exit code; success where it says none. */
type Action = (
  client: Client,
  invocation: WebhooksInvocation,
  args: readonly string[],
) => Promise<ExitCode | undefined>;

/** What each takes behind its name. */
const ACTIONS: Readonly<Record<string, { readonly takes: readonly string[]; readonly run: Action }>> = {
  add: { takes: ['URL'], run: add },
  list: { takes: [], run: list },
  remove: { takes: ['ID'], run: remove },
  rotate: { takes: ['ID'], run: rotate },
  enable: { takes: ['ID'], run: (client, invocation, [id]) => setDisabled(client, invocation, id ?? '', false) },
  disable: { takes: ['ID'], run: (client, invocation, [id]) => setDisabled(client, invocation, id ?? '', true) },
  test: { takes: ['ID'], run: test },
  deliveries: { takes: ['ID'], run: deliveries },
  redeliver: { takes: ['ID', '[DELIVERY]'], run: redeliver },
};

export const webhooks = defineCommand({
  name: 'webhooks',
  summary: 'have other programs told of jobs',
  description:
    'The secret of a webhook is shown once, when it is added or rotated. Needs a key with the scope operate. docs/features/webhooks.md has the recipe for receivers.',
  arguments: { usage: 'add URL | list | ACTION ID [DELIVERY]', min: 1, max: 3 },
  options: OPTIONS,
  examples: [
    'bide webhooks add https://example.com/hook --event job.failed --type report',
    'bide webhooks test ID',
    'bide webhooks deliveries ID --state failed',
    'bide webhooks redeliver ID --since 2h',
  ],
  run: dispatch,
});

async function dispatch(invocation: WebhooksInvocation): Promise<ExitCode> {
  const [name = '', ...args] = invocation.args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    const names = Object.keys(ACTIONS);
    const meant = nearest(name, names);
    const hint = meant === null ? `one of ${names.join(', ')}` : `\`bide webhooks ${meant}\``;
    throw usageError(`There is no \`bide webhooks ${name}\`: did you mean ${hint}?`);
  }
  const needed = action.takes.filter((word) => !word.startsWith('['));
  if (args.length < needed.length || args.length > action.takes.length) {
    const usage = ['bide webhooks', name, ...action.takes].join(' ');
    throw usageError(`The command is \`${usage}\`: \`bide webhooks list\` shows ids.`);
  }
  const code = await action.run(connect(invocation.values, invocation.env, { triesMax: 2 }), invocation, args);
  return code ?? EXIT.succeeded;
}

async function add(
  client: Client,
  { values, terminal }: WebhooksInvocation,
  [url = '']: readonly string[],
): Promise<undefined> {
  const { event, type, tag, dialect, secret } = values;
  const made = await client.webhooks.create({
    url,
    ...(event.length === 0 ? {} : { events: eventsOf(event) }),
    ...(type.length === 0 ? {} : { types: type }),
    ...(tag.length === 0 ? {} : { tags: tagsOf(tag) }),
    ...(dialect === undefined ? {} : { dialect }),
    ...(secret === undefined ? {} : { secret }),
  });
  tellSecret(made, { values, terminal });
}

function eventsOf(words: readonly string[]): readonly WebhookEventWord[] {
  const events = words.flatMap((word) => word.split(','));
  for (const word of events) {
    if ((EVENT_WORDS as readonly string[]).includes(word)) continue;
    const meant = nearest(word, EVENT_WORDS);
    const hint = meant === null ? '' : ` Did you mean ${meant}?`;
    throw usageError(`Option --event takes one of ${EVENT_WORDS.join(', ')}, not ${word}.${hint}`);
  }
  return events as readonly WebhookEventWord[];
}

function tellSecret(made: WebhookWithSecret, { values, terminal }: Pick<WebhooksInvocation, 'values' | 'terminal'>) {
  if (values.json) return terminal.line(JSON.stringify(made));
  terminal.line(made.secret);
  terminal.note(`secret of webhook ${made.id}: shown this once, so keep it now`);
}

async function list(client: Client, { values, terminal }: WebhooksInvocation): Promise<undefined> {
  const found = await client.webhooks.list();
  const lines = values.json ? found.map((hook) => JSON.stringify(hook)) : webhookLines(found, terminal.columns);
  for (const line of lines) terminal.line(line);
  if (found.length === 0 && !values.json) terminal.note('No webhooks.');
}

async function remove(
  client: Client,
  { values, terminal }: WebhooksInvocation,
  [id = '']: readonly string[],
): Promise<undefined> {
  await client.webhooks.remove(id);
  terminal.line(values.json ? JSON.stringify({ id, removed: true }) : `${printable(id)} removed`);
}

async function rotate(
  client: Client,
  { values, terminal }: WebhooksInvocation,
  [id = '']: readonly string[],
): Promise<undefined> {
  tellSecret(await client.webhooks.rotate(id, { secret: values.secret }), { values, terminal });
}

async function setDisabled(
  client: Client,
  { values, terminal }: WebhooksInvocation,
  id: string,
  disabled: boolean,
): Promise<undefined> {
  const changed: WebhookBody = await client.webhooks.update(id, { disabled });
  terminal.line(values.json ? JSON.stringify(changed) : `${changed.id} ${disabled ? 'disabled' : 'enabled'}`);
}

/** Waits for the first try: a receiver has ten seconds unless told. */
async function test(client: Client, { values, terminal }: WebhooksInvocation, [id = '']: readonly string[]) {
  let sent = await client.webhooks.test(id);
  for (let look = 0; look < LOOKS && sent.tries.length === 0; look += 1) {
    await setTimeout(LOOK_MS);
    sent = await client.webhooks.delivery(id, sent.id);
  }
  const isDelivered = sent.state === 'delivered';
  if (values.json) terminal.line(JSON.stringify(sent));
  else {
    terminal.line(`${sent.id} ${isDelivered ? 'delivered' : 'not delivered'}: ${lastText(sent)}`);
    if (sent.state === 'pending') terminal.note(`tried again later: \`bide webhooks deliveries ${id}\` shows it`);
  }
  return isDelivered ? EXIT.succeeded : EXIT.unsuccessful;
}

async function deliveries(
  client: Client,
  { values, terminal }: WebhooksInvocation,
  [id = '']: readonly string[],
): Promise<undefined> {
  const { state, limit = LIMIT } = values;
  const states = state === undefined ? undefined : [state as DeliveryStateWord];
  const found = [];
  for await (const one of client.webhooks.deliveries(id, { states, pageSize: Math.min(limit, PAGE) })) {
    if (values.json) terminal.line(JSON.stringify(one));
    else found.push(one);
    if (found.length === limit) break;
  }
  const view = { nowMs: Date.now(), columns: terminal.columns };
  for (const line of deliveryLines(found, view)) terminal.line(line);
  if (found.length === 0 && !values.json) terminal.note('No deliveries.');
}

async function redeliver(
  client: Client,
  { values, terminal }: WebhooksInvocation,
  args: readonly string[],
): Promise<undefined> {
  const [id = '', delivery] = args;
  const { since } = values;
  if ((delivery === undefined) === (since === undefined)) {
    throw usageError('`bide webhooks redeliver` takes a DELIVERY, or --since for all that failed.');
  }
  if (delivery !== undefined) {
    const again = await client.webhooks.redeliver(id, delivery);
    terminal.line(values.json ? JSON.stringify(again) : `${again.id} sent again`);
    return;
  }
  const count = await client.webhooks.redeliverFailed(id, new Date(Date.now() - (since ?? 0)));
  terminal.line(values.json ? JSON.stringify({ id, count }) : `${count} sent again`);
}
