/**
 * What every session of ours is told, whatever the defaults of the server, the database and the role are.
 *
 * They go with the startup of the connection, which outranks `ALTER ROLE … SET` and `ALTER DATABASE … SET`. Behind a pooler in
 * transaction mode nothing can be set; there the few that decide what is stored must be right by default.
 *
 * `default_transaction_read_only` is left alone: it is how operators and failover tools keep everybody from writing to a former primary.
 */

/** What statements mean and what answers look like. */
const MEANING = {
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  bytea_output: 'hex',
  extra_float_digits: '1',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  search_path: 'pg_catalog',
  // An error in place of rows that a policy hides: a queue without some of its jobs is no queue.
  row_security: 'off',
  exit_on_error: 'off',
} as const;

/**
 * For every plan of ours. A bitmap or a sort in place of an ordered index scan is no saving here: only plain index scans mark dead
 * entries as dead for those who come after, and a claim or sweep through bitmaps slowed down with every job that had ever
 * run (measured: sweep 55 ms against 0.9 ms after 100,000 jobs without a vacuum). And jit takes 100 ms to compile a statement that runs for one, whenever an estimate is high enough; and our
 * statements are made for index probes, which the planner must not trade for scans and hashes of a table that is empty when
 * it first plans, and has a million rows a minute later. Behind a pooler each statement is planned anew, by the size of then.
 */
const PLANNING = {
  jit: 'off',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_sort: 'off',
} as const;

const SETTINGS: Readonly<Record<string, string>> = { ...MEANING, ...PLANNING };

/** Values of these without which jobs would be stored wrongly or sequences stand still. */
const VITAL: Readonly<Record<string, readonly string[]>> = {
  default_transaction_isolation: ['read committed', 'read uncommitted'],
  array_nulls: ['on'],
  standard_conforming_strings: ['on'],
  transform_null_equals: ['off'],
  bytea_output: ['hex'],
  extra_float_digits: ['1', '2', '3'],
  exit_on_error: ['off'],
};

/**
 * Named statements are planned once per connection, for any values: all of them are index probes. Left to itself the server plans a claim
 * anew each time, since it thinks that its values would make a better one: 700 µs of CPU per claim. Lists are planned for their values.
 */
const PLANNED_ONCE = { plan_cache_mode: 'force_generic_plan' } as const;

/** As libpq's `options`; ours come last, and the last one counts. */
export function startupOptions(asked: string, isForLists: boolean): string {
  const settings = isForLists ? SETTINGS : { ...SETTINGS, ...PLANNED_ONCE };
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`);
  return [asked, ...ours].filter((text) => text !== '').join(' ');
}

/** For a pooler that takes connections and drops their startup options. */
export const SET_ALL = `SELECT ${Object.entries(SETTINGS)
  .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  .join(', ')}`;

/** One column per vital setting. */
export const VITAL_COLUMNS = Object.keys(VITAL)
  .map((name) => `current_setting('${name}')`)
  .join(', ');

/** Those that are other than they must be, with the value to set. @param values in the order of `VITAL_COLUMNS` */
export function wrongSettings(values: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const names = Object.keys(VITAL).filter((name, index) => !VITAL[name]?.includes(values[index] ?? ''));
  return names.map((name) => [name, SETTINGS[name] ?? '']);
}
