/** `bide keys`: who may call, and what. */
import type { KeyScope } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { SCOPES } from '../../core/scopes.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { KEY_DESK_OPTIONS, type KeyDesk, openKeyDesk } from '../service/key-desk.ts';
import { keyLines } from '../terminal/key-text.ts';
import { printable } from '../terminal/printable.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_SCOPES: readonly KeyScope[] = ['submit', 'read'];
const ACTIONS = ['create', 'list', 'revoke'] as const;

const OPTIONS = {
  name: { kind: 'text', value: 'NAME', help: 'create: what the key is for, for people (cli)' },
  scope: { kind: 'list', value: 'SCOPE', help: `create: ${SCOPES.join(', ')}; may be repeated (submit, read)` },
  'expires-in': { kind: 'duration', help: 'create: refused after this time, such as 90d (never)' },
  tenant: { kind: 'text', value: 'TENANT', help: 'create: whose key it is (your own); list: only of this tenant' },
  ...KEY_DESK_OPTIONS,
} as const satisfies OptionTable;

type KeysInvocation = Invocation<typeof OPTIONS>;

export const keys = defineCommand({
  name: 'keys',
  summary: 'create, list and revoke API keys',
  description:
    'A key is shown once, when it is made. `admin` includes the other scopes. Works through the server where one runs, else on the ' +
    'data folder or the database itself.',
  arguments: { usage: 'create | list | revoke ID…', min: 1, max: Number.POSITIVE_INFINITY },
  options: OPTIONS,
  examples: [
    'bide keys create --name ci --scope submit --scope read',
    'export BIDE_KEY=$(bide keys create --name me)',
    'bide keys list',
    'bide keys revoke 3f2a…',
  ],
  run: dispatch,
});

async function dispatch(invocation: KeysInvocation): Promise<ExitCode> {
  const [action = '', ...ids] = invocation.args;
  requireSense(action, ids);
  const asked = { scopes: scopesOf(invocation.values.scope), expiresAt: expiryOf(invocation.values['expires-in']) };
  const desk = await openKeyDesk(invocation.values, invocation.env);
  try {
    if (action === 'create') return await create(desk, asked, invocation);
    return action === 'list' ? await list(desk, invocation) : await revoke(desk, ids, invocation);
  } finally {
    await desk.close();
  }
}

function requireSense(action: string, ids: readonly string[]): void {
  if (!(ACTIONS as readonly string[]).includes(action)) {
    const meant = nearest(action, ACTIONS);
    const hint = meant === null ? `one of ${ACTIONS.join(', ')}` : `\`bide keys ${meant}\``;
    throw usageError(`There is no \`bide keys ${action}\`: did you mean ${hint}?`);
  }
  if (action === 'revoke' && ids.length === 0)
    throw usageError('`bide keys revoke` needs ID…: `bide keys list` shows them.');
  if (action !== 'revoke' && ids.length > 0) {
    throw usageError(`\`bide keys ${action}\` takes no arguments, only options: see \`bide help keys\`.`);
  }
}

function scopesOf(words: readonly string[]): readonly KeyScope[] {
  const scopes = words.flatMap((word) => word.split(','));
  for (const scope of scopes) {
    if ((SCOPES as readonly string[]).includes(scope)) continue;
    const meant = nearest(scope, SCOPES);
    const hint = meant === null ? '' : ` Did you mean ${meant}?`;
    throw usageError(`Option --scope takes one of ${SCOPES.join(', ')}, not ${scope}.${hint}`);
  }
  return scopes.length === 0 ? DEFAULT_SCOPES : (scopes as readonly KeyScope[]);
}

interface Asked {
  readonly scopes: readonly KeyScope[];
  readonly expiresAt: Date | null;
}

async function create(desk: KeyDesk, asked: Asked, { values, terminal }: KeysInvocation): Promise<ExitCode> {
  const made = await desk.create({ name: values.name ?? 'cli', tenant: values.tenant, ...asked });
  if (values.json) terminal.line(JSON.stringify(made));
  else {
    terminal.line(made.key);
    const about = `key ${made.id} of tenant ${printable(made.tenant)} with ${made.scopes.join(', ')}`;
    const end = made.expiresAt === null ? '' : `, until ${made.expiresAt}`;
    terminal.note(`${about}${end}: shown this once, so keep it now`);
  }
  return EXIT.succeeded;
}

/** Times of the API have years of four digits. */
const TIME_MAX = Date.UTC(9999, 11, 31);

function expiryOf(expiresInMs: number | undefined): Date | null {
  if (expiresInMs === undefined) return null;
  const at = Date.now() + expiresInMs;
  if (at > TIME_MAX)
    throw usageError('Option --expires-in ends after the year 9999; leave it out for a key without end.');
  return new Date(at);
}

async function list(desk: KeyDesk, { values, terminal }: KeysInvocation): Promise<ExitCode> {
  const found = await desk.list(values.tenant);
  const view = { nowMs: Date.now(), columns: terminal.columns };
  const lines = values.json ? found.map((key) => JSON.stringify(key)) : keyLines(found, view);
  for (const line of lines) terminal.line(line);
  return EXIT.succeeded;
}

async function revoke(desk: KeyDesk, ids: readonly string[], { values, terminal }: KeysInvocation): Promise<ExitCode> {
  for (const id of ids) {
    await desk.revoke(id);
    terminal.line(values.json ? JSON.stringify({ id, revoked: true }) : `${id} revoked`);
  }
  return EXIT.succeeded;
}
