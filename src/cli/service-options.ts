/** The options that `serve` and `work` share, and what the composition root is told of them. */
import type { OptionTable, OptionValues } from './option.ts';
import { usageError } from './usage-error.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const STORE_OPTIONS = {
  database: {
    kind: 'text',
    value: 'URL',
    help: 'PostgreSQL in place of the data folder, shared by several processes; else BIDE_DATABASE',
  },
  schema: { kind: 'text', value: 'NAME', help: 'schema in that database (bide)' },
} as const satisfies OptionTable;

export const SERVICE_OPTIONS = {
  config: { kind: 'text', value: 'FILE', help: 'job types and settings (bide.config.ts, where there is one)' },
  playground: { kind: 'flag', help: 'add the job types echo, sleep and sql, to try Bide without a config' },
  ...STORE_OPTIONS,
  'no-notify': { kind: 'flag', help: 'PostgreSQL without LISTEN/NOTIFY (behind a pooler): changes are polled' },
  'allow-private-callbacks': { kind: 'flag', help: 'callback URLs may lead into private networks' },
  'log-level': { kind: 'choice', choices: LOG_LEVELS, help: 'least severity that is logged, as JSON on stderr (warn)' },
} as const satisfies OptionTable;

type StoreValues = OptionValues<typeof STORE_OPTIONS>;

/** Undefined where the data folder is the store. */
export function databaseUrlOf(
  values: StoreValues,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const url = values.database ?? (env.BIDE_DATABASE === '' ? undefined : env.BIDE_DATABASE);
  if (url === undefined) {
    if (values.schema !== undefined) throw usageError('Option --schema belongs to --database: a data folder has none.');
    return undefined;
  }
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw usageError('Option --database takes a URL such as postgresql://user:password@host/database.');
  }
  return url;
}
