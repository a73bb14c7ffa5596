/** The input of an `sql` job: what it may say, checked when it is submitted. */
import type { Json } from '../../core/job.ts';
import type { Issue } from '../../engine/api.ts';
import { isAllowedUrl } from './allowed-url.ts';
import { DATA_FORMATS, type DataFormat, dataFormatOf, type SqlOptions } from './options.ts';
import { isTableName, TABLE_NAME_RULE } from './query-guard.ts';

export interface SqlInput {
  /** One SELECT (WITH, VALUES, FROM, DESCRIBE, SUMMARIZE and PIVOT … IN count as one). */
  readonly query: string;
  /** For `?` and `$1` as a list, for `$name` as an object. Numbers, texts, true, false, null, and lists of these. */
  readonly parameters?: readonly Json[] | Readonly<Record<string, Json>>;
  /** Rows to return; the query is stopped after them and `has_more` is part of the result. */
  readonly limit?: number;
  /** Rows to leave out first. */
  readonly offset?: number;
  /** Adds `types`, the name of each column's type, to the result. */
  readonly types?: boolean;
  /** Tables beside the configured ones, where the config allows their URLs. */
  readonly datasets?: Readonly<Record<string, string | { readonly url: string; readonly format?: DataFormat }>>;
}

const QUERY_LENGTH_MAX = 200_000;
/** DuckDB reads comments within comments in quadratic time: 8,000 that never end take it 4 s, 50,000 minutes. */
const COMMENTS_MAX = 500;
const DATASETS_MAX = 20;

export function inputIssues(options: SqlOptions, input: Json): readonly Issue[] {
  if (!isObject(input)) return [{ path: '', message: 'must be an object with the field `query`' }];
  const issues: Issue[] = [];
  const add = (path: string, message: string) => issues.push({ path, message });
  const { query, parameters, limit, offset, types, datasets, ...rest } = input;
  for (const name of Object.keys(rest))
    add(`/${name}`, 'is no field of an SQL job: those are query, parameters, limit, offset, types, datasets');
  if (typeof query !== 'string' || query.trim() === '') add('/query', 'must be a text with one SELECT');
  // The guard and the run hand the text to DuckDB in two ways; both must read the same to its end.
  else if (query.includes('\0') || !query.isWellFormed()) add('/query', 'must be Unicode text without NUL');
  else if (query.length > QUERY_LENGTH_MAX) add('/query', `must have at most ${QUERY_LENGTH_MAX} characters`);
  else if (query.split('/*').length > COMMENTS_MAX) add('/query', `must have fewer than ${COMMENTS_MAX} comments`);
  if (parameters !== undefined) parameterIssues(parameters, add);
  if (limit !== undefined && !isCount(limit)) add('/limit', 'must be a whole number, 0 or more');
  if (offset !== undefined && !isCount(offset)) add('/offset', 'must be a whole number, 0 or more');
  if (types !== undefined && typeof types !== 'boolean') add('/types', 'must be true or false');
  if (datasets !== undefined) datasetIssues(options, datasets, add);
  return issues;
}

type Add = (path: string, message: string) => void;

function parameterIssues(parameters: Json, add: Add): void {
  if (typeof parameters !== 'object' || parameters === null) {
    add('/parameters', 'must be a list or an object');
    return;
  }
  for (const [name, value] of Object.entries(parameters) as [string, Json][]) {
    const isFit = isScalar(value) || (Array.isArray(value) && value.every(isScalar) && areAlike(value));
    if (!isFit) add(`/parameters/${name}`, 'must be a number, a text, true, false, null, or a list of one of these');
  }
}

function datasetIssues(options: SqlOptions, datasets: Json, add: Add): void {
  if (!isObject(datasets)) {
    add('/datasets', 'must be an object of URLs');
    return;
  }
  const entries = Object.entries(datasets);
  if (entries.length > DATASETS_MAX) add('/datasets', `must have at most ${DATASETS_MAX} tables`);
  for (const [name, data] of entries) {
    const path = `/datasets/${name}`;
    const isTaken = Object.keys(options.datasets ?? {}).some((own) => own.toLowerCase() === name.toLowerCase());
    if (!isTableName(name)) add(path, `must ${TABLE_NAME_RULE}`);
    else if (isTaken) add(path, 'has the name of a configured data set');
    const problem = urlProblem(options, data);
    if (problem !== null) add(path, problem);
  }
}

function urlProblem(options: SqlOptions, data: Json): string | null {
  const url = isObject(data) ? data.url : data;
  const format = isObject(data) ? data.format : undefined;
  if (typeof url !== 'string' || URL.parse(url) === null) return 'must be a URL, or an object with url and format';
  if (format !== undefined && !DATA_FORMATS.some((each) => each === format))
    return `must have one of the formats ${DATA_FORMATS.join(', ')}`;
  if (!isAllowedUrl(options.allowUrls ?? [], url)) return 'is not below one of the URLs that the config allows';
  if (format === undefined && dataFormatOf({ url }) === null) return `must say its format: ${DATA_FORMATS.join(', ')}`;
  return null;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: Json): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isScalar(value: Json): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number';
}

/** A list has one type in SQL. */
function areAlike(list: readonly Json[]): boolean {
  return new Set(list.filter((item) => item !== null).map((item) => typeof item)).size <= 1;
}
