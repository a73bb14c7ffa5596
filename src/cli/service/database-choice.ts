/**
 * Which PostgreSQL a command works on, and where its password comes from: never from the command line, which every user of the machine
 * can read in the list of processes.
 *
 * `BIDE_DATABASE`, `--database-file` or `PGPASSWORD` carry it. A password in `--database` works, and is warned of.
 */
import { readFileSync } from 'node:fs';
import type { Environment } from '../connection.ts';
import type { OptionTable, OptionValues } from '../option.ts';
import { usageError } from '../usage-error.ts';

export const STORE_OPTIONS = {
  database: {
    kind: 'text',
    value: 'URL',
    help: 'PostgreSQL in place of the data folder, shared by several processes; else BIDE_DATABASE; others can read a password here',
  },
  'database-file': {
    kind: 'text',
    value: 'FILE',
    help: 'a file with that URL, password and all, which others may not read',
  },
  schema: { kind: 'text', value: 'NAME', help: 'schema in that database (bide)' },
} as const satisfies OptionTable;

type StoreValues = OptionValues<typeof STORE_OPTIONS>;

export interface DatabaseChoice {
  readonly url: string;
  readonly schema: string | undefined;
}

/** Undefined where the data folder is the store. */
export function databaseOf(values: StoreValues, env: Environment): DatabaseChoice | undefined {
  const named = namedDatabase(values) ?? (env.BIDE_DATABASE ? { url: env.BIDE_DATABASE, from: 'BIDE_DATABASE' } : null);
  if (named === null) {
    if (values.schema !== undefined) throw usageError('Option --schema belongs to --database: a data folder has none.');
    return undefined;
  }
  if (!/^postgres(ql)?:\/\//.test(named.url)) {
    throw usageError(`${named.from} takes a URL such as postgresql://user@host/database.`);
  }
  return { url: named.url, schema: values.schema };
}

/** Whether the line itself names a database. */
export function namesDatabase(values: StoreValues): boolean {
  return values.database !== undefined || values['database-file'] !== undefined;
}

/** One sentence where the line shows a password to everybody on the machine; null where it does not. */
export function passwordWarning({ database }: Readonly<Record<string, unknown>>): string | null {
  if (typeof database !== 'string' || !hasPassword(database)) return null;
  return 'The password in --database shows in the list of processes: put the URL into BIDE_DATABASE or a --database-file, or the password into PGPASSWORD.';
}

/** By hand, since a URL that names several hosts is none to `URL`. */
function hasPassword(database: string): boolean {
  const [, rest = ''] = database.split('://', 2);
  const [authority = '', query = ''] = rest.split('?', 2);
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  const [, ...password] = user.split(':');
  return password.join('') !== '' || /(^|&)password=[^&]/.test(query);
}

function namedDatabase(values: StoreValues): { readonly url: string; readonly from: string } | null {
  const file = values['database-file'];
  if (file === undefined)
    return values.database === undefined ? null : { url: values.database, from: 'Option --database' };
  if (values.database !== undefined)
    throw usageError('Options --database and --database-file name two databases: give one.');
  try {
    return { url: readFileSync(file, 'utf8').trim(), from: `The file ${file} of --database-file` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageError(`The file ${file} of --database-file cannot be read (${code}): it holds the URL of the database.`);
  }
}
