/** Which store `export` and `import` work on: the one that the line names, and never two. */
import type { Environment } from '../connection.ts';
import type { OptionTable, OptionValues } from '../option.ts';
import { usageError } from '../usage-error.ts';
import { DATA_FOLDER } from './data-folder.ts';
import { type DatabaseChoice, databaseOf, namesDatabase, STORE_OPTIONS } from './database-choice.ts';

export const STORE_CHOICE_OPTIONS = {
  data: { kind: 'text', value: 'FOLDER', help: `the data folder of a Bide over SQLite (${DATA_FOLDER})` },
  ...STORE_OPTIONS,
} as const satisfies OptionTable;

/**
 * A data folder that is named wins over BIDE_DATABASE: whoever moves a store has both ends on one line, and one environment.
 * Without sessions, since neither command needs one: both work through any pooler.
 */
export function storeChoiceOf(
  values: OptionValues<typeof STORE_CHOICE_OPTIONS>,
  env: Environment,
): { readonly dataFolder: string } | { readonly database: DatabaseChoice & { readonly notify: false } } {
  if (values.data !== undefined) {
    if (namesDatabase(values)) throw usageError('Options --data and --database name two stores: give one.');
    databaseOf(values, {});
    return { dataFolder: values.data };
  }
  const database = databaseOf(values, env);
  return database === undefined ? { dataFolder: DATA_FOLDER } : { database: { ...database, notify: false } };
}
