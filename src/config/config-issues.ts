/** What is wrong with a config, completely: every option of every type, each with its path. Runs nothing of it. */
import { isIP } from 'node:net';
import type { RetryPolicy } from '../core/job.ts';
import { type Limits, limitsWith } from '../core/limits.ts';
import { isContradiction } from '../core/retry.ts';
import { placeholdersOf } from '../handlers/http/target.ts';
import { DATA_FORMATS, type DataSet, dataFormatOf } from '../handlers/sql/options.ts';
import { isTableName, TABLE_NAME_RULE } from '../handlers/sql/query-guard.ts';
import {
  anything,
  type ConfigIssue,
  decimal,
  flag,
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
} from './option-rules.ts';

const KINDS = ['command', 'http', 'sql', 'remote'] as const;

/** The issues of a whole config; none when it may be used. */
export function configIssues(config: unknown, limits: Limits): readonly ConfigIssue[] {
  return options({
    types: recordOf(typeRule(limits), typeName(limits)),
    limits: optional(limitsRule),
    server: optional(options({ host: optional(text), port: optional(port), publicUrl: optional(httpUrl) })),
    dialects: optional(recordOf(dialectRule)),
    deliveries: optional(options({ allowPrivateAddresses: optional(flag) })),
  })(config, '');
}

const port = whole(0, 65_535);

const dialectRule = options({
  enabled: optional(flag),
  port: optional(port),
  hostName: optional(must('be a host name such as jobs.example.com', isHostName)),
  options: optional(anything),
});

function limitsRule(value: unknown, path: string): readonly ConfigIssue[] {
  if (!isPlainObject(value)) return [{ path, message: 'must be an object of numbers' }];
  return Object.entries(value).flatMap(([name, limit]) => {
    if (limit === undefined) return [];
    if (typeof limit !== 'number') return [{ path: `${path}.${name}`, message: 'must be a number' }];
    const outcome = limitsWith({ [name]: limit });
    return outcome.kind === 'limits' ? [] : [{ path: `${path}.${name}`, message: `is refused: ${outcome.message}` }];
  });
}

function typeName(limits: Limits): Rule {
  const requirement = `have a name of letters, digits and . _ - : that begins with a letter or digit and has at most ${limits.typeLengthMax} characters`;
  return must(
    requirement,
    (name) => typeof name === 'string' && name.length <= limits.typeLengthMax && /^[A-Za-z0-9][\w.:-]*$/.test(name),
  );
}

function typeRule(limits: Limits): Rule {
  const common = {
    input: optional(standardSchema),
    slots: optional(whole(1, 10_000)),
    timeoutMs: optional(whole(1, limits.timeoutMsMax)),
    retainMs: optional(whole(0, limits.retainMsMax)),
    retry: optional(retryRule(limits)),
  };
  const kind = { kind: anything };
  const rules: Readonly<Record<(typeof KINDS)[number], Rule>> = {
    command: options({ ...common, ...kind, ...COMMAND }),
    http: (value, path) => [
      ...options({ ...common, ...kind, ...HTTP })(value, path),
      ...placeholderIssues(value, path),
    ],
    sql: options({ ...common, ...kind, ...SQL }),
    remote: options({ ...common, ...kind }),
  };
  const functionRule = options({ ...common, run: must('be a function', isFunction) });
  return (value, path) => {
    if (isFunction(value)) return [];
    if (!isPlainObject(value)) {
      return [
        { path, message: 'must be a function, an object with `run`, or made by command(), http(), sql() or remote()' },
      ];
    }
    if (value.kind === undefined) return functionRule(value, path);
    const own = KINDS.find((each) => each === value.kind);
    return own === undefined ? oneOf(KINDS)(value.kind, `${path}.kind`) : rules[own](value, path);
  };
}

function retryRule(limits: Limits): Rule {
  const members = options({
    attempts: optional(whole(1, limits.attemptsMax)),
    backoffMs: optional(whole(0, limits.timeoutMsMax)),
    factor: optional(decimal(1, 10)),
    maxMs: optional(whole(0, limits.timeoutMsMax)),
  });
  return (value, path) => {
    const issues = members(value, path);
    const message = 'must not be less than backoffMs, which is the first wait';
    return issues.length === 0 && isContradiction(value as Partial<RetryPolicy>)
      ? [{ path: `${path}.maxMs`, message }]
      : issues;
  };
}

const environmentName = must(
  'have a name without = and NUL',
  (name) => typeof name === 'string' && /^[^=\0]+$/.test(name),
);
const argument = must('be a text without NUL', (value) => typeof value === 'string' && !value.includes('\0'));
/** Made by the HTTP client; another value would contradict the body that is sent. */
const OWN_HEADERS = ['content-length', 'transfer-encoding', 'connection', 'accept-encoding'];
const headerName = must(
  `have the name of a header, none of ${OWN_HEADERS.join(', ')}`,
  (name) => typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !OWN_HEADERS.includes(name.toLowerCase()),
);
const headerValue = must(
  'be a text without line breaks',
  (value) => typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value),
);
const httpUrl = must('be an http or https URL without user and password', isHttpUrl);
const contentType = must(
  'be a media type such as image/png',
  (value) => typeof value === 'string' && /^[\w.+-]+\/[\w.+*-]+(\s*;[\x20-\x7e]*)?$/.test(value),
);

const COMMAND = {
  program: argumentNotEmpty,
  args: optional(listOf(argument)),
  cwd: optional(text),
  env: optional(recordOf(argument, environmentName)),
  output: optional(oneOf(['json', 'bytes'])),
  contentType: optional(contentType),
  permanentExitCodes: optional(listOf(whole(1, 255))),
};

const HTTP = {
  url: httpUrl,
  method: optional(oneOf(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])),
  headers: optional(recordOf(headerValue, headerName)),
  send: optional(oneOf(['body', 'query', 'nothing'])),
  allowPrivateAddresses: optional(flag),
  redirectsMax: optional(whole(0, 20)),
};

const tableName = must(TABLE_NAME_RULE, (name) => typeof name === 'string' && isTableName(name));
const format = { format: optional(oneOf(DATA_FORMATS)) };
const MIB = 1_024 * 1_024;

const SQL = {
  datasets: optional(recordOf(dataSet, tableName)),
  allowUrls: optional(listOf(httpUrl)),
  urlBytesMax: optional(whole(1, 1_024 * 1_024 * MIB)),
  urlMaxAgeMs: optional(whole(0, 366 * 24 * 3_600_000)),
  allowPrivateAddresses: optional(flag),
  memoryMib: optional(whole(16, 1_024 * 1_024)),
  threads: optional(whole(1, 256)),
  rowsMax: optional(whole(1, 100_000_000)),
};

function dataSet(value: unknown, path: string): readonly ConfigIssue[] {
  const isUrl = isPlainObject(value) && value.url !== undefined;
  const rule = options(isUrl ? { url: httpUrl, ...format } : { path: text, ...format });
  const issues = typeof value === 'string' ? text(value, path) : rule(value, path);
  if (issues.length > 0 || dataFormatOf(value as DataSet) !== null) return issues;
  const endings = 'must say its format, or end in .parquet, .csv, .tsv, .json, .jsonl or .ndjson';
  return [{ path, message: endings }];
}

function argumentNotEmpty(value: unknown, path: string): readonly ConfigIssue[] {
  return [...text(value, path), ...(typeof value === 'string' ? argument(value, path) : [])];
}

function standardSchema(value: unknown, path: string): readonly ConfigIssue[] {
  const isObject = (typeof value === 'object' && value !== null) || isFunction(value);
  const standard = isObject ? (value as Record<string, unknown>)['~standard'] : undefined;
  if (isPlainObject(standard) && isFunction(standard.validate)) return [];
  const isTypebox = isObject && '~kind' in (value as object);
  const hint = isTypebox
    ? 'wrap the TypeBox type: input: typebox(Type.Object(…))'
    : 'use one made by zod, valibot or another such library';
  return [{ path, message: `must be a Standard Schema; ${hint}` }];
}

/** A placeholder is only a segment: in the host or the query the input could lead somewhere else. */
function placeholderIssues(value: unknown, path: string): readonly ConfigIssue[] {
  const url = isPlainObject(value) && typeof value.url === 'string' ? value.url : '';
  const inPath = /^https?:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? '';
  const whole = inPath.split('/').filter((segment) => /^\{\w+\}$/.test(segment)).length;
  if (
    !/[{}]/.test(url) ||
    (placeholdersOf(url).length === whole && !/[{}]/.test(url.replace(/\/\{\w+\}(?=[/?#]|$)/g, '')))
  )
    return [];
  return [{ path: `${path}.url`, message: 'may have {name} only as a whole segment of its path' }];
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  return url.username === '' && url.password === '';
}

function isHostName(value: unknown): boolean {
  return typeof value === 'string' && isIP(value) === 0 && /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(value);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
