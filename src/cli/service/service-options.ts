/** The options that `serve` and `work` share, and what the composition root is told. */
import { keyIdOf } from '../../core/api-key.ts';
import type { Environment } from '../connection.ts';
import type { OptionTable, OptionValues } from '../option.ts';
import { packageVersion } from '../package-version.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { usageError } from '../usage-error.ts';
import { databaseOf, passwordWarning, STORE_OPTIONS } from './database-choice.ts';
import { ENV_FILE_OPTION } from './env-file.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const SERVICE_OPTIONS = {
  ...ENV_FILE_OPTION,
  config: { kind: 'text', value: 'FILE', help: 'job types and settings (bide.config.ts, where there is one)' },
  playground: { kind: 'flag', help: 'add the job types echo, sleep and sql, to try Bide without a config' },
  ...STORE_OPTIONS,
  'no-notify': { kind: 'flag', help: 'PostgreSQL without LISTEN/NOTIFY (behind a pooler): changes are polled' },
  'allow-private-callbacks': { kind: 'flag', help: 'callback URLs may lead into private networks' },
  'log-level': { kind: 'choice', choices: LOG_LEVELS, help: 'least severity that is logged, as JSON on stderr (warn)' },
} as const satisfies OptionTable;

type ServiceValues = OptionValues<typeof SERVICE_OPTIONS>;

/** What `serve` and `work` tell the composition root alike. */
export function serviceOptionsOf(values: ServiceValues, env: Environment) {
  const database = databaseOf(values, env);
  return {
    configFile: values.config,
    hasPlayground: values.playground,
    database: database === undefined ? undefined : { ...database, notify: !values['no-notify'] },
    allowsPrivateCallbacks: values['allow-private-callbacks'],
    version: packageVersion(),
  };
}

/** What the operator chose for the first admin key, where they did. */
export function adminKeyOf({ BIDE_ADMIN_KEY: key }: Environment): string | undefined {
  if (key === undefined || key === '') return undefined;
  if (keyIdOf(key) !== null) return key;
  throw usageError(
    'BIDE_ADMIN_KEY takes bide_ID_SECRET: 4 to 32 digits and small letters, then 16 to 128 digits and letters that nobody can guess.',
  );
}

export function warnOfPassword(values: ServiceValues, terminal: Pick<Terminal, 'note'>): void {
  const warning = passwordWarning(values);
  if (warning !== null) terminal.note(`bide: ${warning}`);
}

export function logLevelOf(values: ServiceValues): LogLevel {
  return (values['log-level'] ?? 'warn') as LogLevel;
}

/** As the links in answers begin; a path prefix of a proxy is kept. */
export function publicUrlOf(text: string | undefined): string | undefined {
  const isUrl = text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '');
  if (!isUrl) throw usageError(`Option --public-url takes a URL such as https://jobs.example.org, not ${text}.`);
  return text;
}

/** `kinetica=9191` -> kinetica on port 9191. Which dialects there are, the composition root knows. */
export function dialectPortsOf(pairs: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, port] = /^([^=]+)=(\d{1,5})$/.exec(pair) ?? [];
      if (name === undefined || Number(port) > 65_535) {
        throw usageError(`Option --dialect-port takes NAME=PORT, such as kinetica=9191, not ${pair}.`);
      }
      return [name, Number(port)];
    }),
  );
}
