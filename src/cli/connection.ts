/**
 * Which server a command talks to, and with which key: from the flags, else from `BIDE_URL` and `BIDE_KEY`, else from the data
 * folder of a server on this machine.
 *
 * The admin key of a data folder is sent only to the server that the folder names: `--url` of another machine never gets it.
 */
import { type Client, ClientError, createClient } from '../client/index.ts';
import { parseForPassingOn } from '../core/exact-json.ts';
import type { OptionTable, OptionValues } from './option.ts';
import { DATA_FOLDER, readAdminKey, readServerNote } from './service/data-folder.ts';

export const CONNECTION_OPTIONS = {
  url: { kind: 'text', value: 'URL', help: 'the server; else BIDE_URL, else the one of the data folder' },
  key: { kind: 'text', value: 'KEY', help: 'API key; else BIDE_KEY, else the admin key of the data folder' },
  data: { kind: 'text', value: 'FOLDER', help: `data folder of a server on this machine (${DATA_FOLDER})` },
} as const satisfies OptionTable;

type ConnectionValues = OptionValues<typeof CONNECTION_OPTIONS>;
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Target {
  readonly url: string;
  readonly key: string | undefined;
  /** Set where the URL came from a data folder: its server may be gone. */
  readonly folder: string | null;
}

/** Null where nobody names a server. */
export function targetOf(values: ConnectionValues, env: Environment): Target | null {
  const folder = values.data ?? DATA_FOLDER;
  const note = readServerNote(folder);
  // A folder that is asked for by name wins over the environment, which says what holds in general.
  const named = values.url ?? (values.data === undefined ? nonEmpty(env.BIDE_URL) : undefined);
  const url = named ?? note?.url;
  if (url === undefined) return null;
  const isOwn = note !== null && sameUrl(note.url, url);
  const key = values.key ?? nonEmpty(env.BIDE_KEY) ?? (isOwn ? (readAdminKey(folder) ?? undefined) : undefined);
  return { url, key, folder: named === undefined ? folder : null };
}

export interface ConnectOptions {
  /** Tries of one call: few for a command that somebody waits for, more for one that waits itself. */
  readonly triesMax?: number;
}

/** Throws a ClientError with code UNREACHABLE where nobody names a server. */
export function connect(values: ConnectionValues, env: Environment, options: ConnectOptions = {}): Client {
  const target = targetOf(values, env);
  if (target === null) {
    const folder = values.data ?? DATA_FOLDER;
    const hint = `start one with \`bide serve --data ${folder}\`, or name one with --url or BIDE_URL`;
    throw new ClientError('UNREACHABLE', `No server is running on ${folder}: ${hint}.`, { status: null });
  }
  // Where a job's program calls `bide submit`, what it submits belongs to the trace of that job.
  const { TRACEPARENT: traceparent, TRACESTATE: tracestate } = env;
  const trace = { traceparent, tracestate };
  return createClient({ url: target.url, key: target.key, parse: parseForPassingOn, ...trace, ...options });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function sameUrl(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;
}
