/** The kind of jobs that query data with SQL: its options and their rules. */
import { availableParallelism } from 'node:os';
import { BideError } from '../../core/errors.ts';
import type { HandlerKind } from '../handler-kind.ts';
import {
  type ConfigIssue,
  flag,
  httpUrl,
  isPlainObject,
  listOf,
  must,
  oneOf,
  optional,
  options,
  type Rule,
  recordOf,
  text,
  whole,
} from '../option-rules.ts';
import { withoutAnyPort } from './allowed-url.ts';
import { isDuckdbInstalled } from './duckdb-installed.ts';
import { DATA_FORMATS, type DataSet, dataFormatOf, type SqlOptions } from './options.ts';
import { isTableName, TABLE_NAME_RULE } from './query-guard.ts';
import { sqlHandler } from './sql.ts';
import { inputIssues } from './sql-input.ts';

const tableName = must(TABLE_NAME_RULE, (name) => typeof name === 'string' && isTableName(name));
const allowedUrl: Rule = (value, path) => httpUrl(typeof value === 'string' ? withoutAnyPort(value) : value, path);
const format = { format: optional(oneOf(DATA_FORMATS)) };
const MIB = 1_024 * 1_024;

export const SQL: HandlerKind<SqlOptions> = {
  name: 'sql',
  options: {
    datasets: optional(recordOf(dataSet, tableName)),
    allowUrls: optional(listOf(allowedUrl)),
    urlBytesMax: optional(whole(1, 1_024 * 1_024 * MIB)),
    urlMaxAgeMs: optional(whole(0, 366 * 24 * 3_600_000)),
    allowPrivateAddresses: optional(flag),
    memoryMib: optional(whole(16, 1_024 * 1_024)),
    threads: optional(whole(1, 256)),
    rowsMax: optional(whole(1, 100_000_000)),
  },
  inputIssues,
  // Every query has a process and its own memory, so that more of them than there are cores only cost.
  slotsOf: (slots) => Math.min(slots, Math.max(2, availableParallelism())),
  handler(options, environment) {
    if (isDuckdbInstalled()) return sqlHandler(options, environment);
    const message = `${environment.where} needs DuckDB, which is optional; npm install @duckdb/node-api.`;
    throw new BideError('CONFIG_INVALID', message);
  },
};

function dataSet(value: unknown, path: string): readonly ConfigIssue[] {
  const isUrl = isPlainObject(value) && value.url !== undefined;
  const rule = options(isUrl ? { url: httpUrl, ...format } : { path: text, ...format });
  const issues = typeof value === 'string' ? text(value, path) : rule(value, path);
  if (issues.length > 0 || dataFormatOf(value as DataSet) !== null) return issues;
  const endings = 'must say its format, or end in .parquet, .csv, .tsv, .json, .jsonl or .ndjson';
  return [{ path, message: endings }];
}
