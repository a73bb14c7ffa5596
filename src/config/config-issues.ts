/** What is wrong with a config, completely: every option of every type, each with its path. Runs nothing of it. */
import { isIP } from 'node:net';
import type { RetryPolicy } from '../core/job.ts';
import { type Limits, limitsWith } from '../core/limits.ts';
import { isContradiction } from '../core/retry.ts';
import { MISSED, OVERLAPS } from '../core/schedules/schedule.ts';
import { HANDLER_KINDS, UNNAMED_KIND } from '../handlers/handler-kinds.ts';
import {
  anything,
  type ConfigIssue,
  decimal,
  flag,
  httpUrl,
  isFunction,
  isPlainObject,
  must,
  oneOf,
  optional,
  options,
  type Rule,
  recordOf,
  text,
  whole,
} from '../handlers/option-rules.ts';
import { originsRule } from './origins-rule.ts';

/** command(), http(), sql() or remote() */
const MAKERS = HANDLER_KINDS.map(({ name }) => `${name}()`)
  .join(', ')
  .replace(/, ([^,]*)$/, ' or $1');

/** The issues of a whole config; none when it may be used. */
export function configIssues(config: unknown, limits: Limits): readonly ConfigIssue[] {
  return options({
    types: recordOf(typeRule(limits), typeName(limits)),
    limits: optional(limitsRule),
    server: optional(serverRule),
    dialects: optional(recordOf(dialectRule)),
    deliveries: optional(options({ allowPrivateAddresses: optional(flag) })),
    tenants: optional(tenantsRule),
    schedules: optional(recordOf(scheduleRule(limits))),
  })(config, '');
}

/** They travel with each claim. */
const TENANTS_MAX = 1_000;
const WEIGHT_MAX = 100;
const tenantRules = recordOf(options({ weight: optional(whole(1, WEIGHT_MAX)) }));

function tenantsRule(value: unknown, path: string): readonly ConfigIssue[] {
  const isMany = isPlainObject(value) && Object.keys(value).length > TENANTS_MAX;
  return isMany ? [{ path, message: `must name at most ${TENANTS_MAX} tenants` }] : tenantRules(value, path);
}

const moment = must(
  'be a time as ISO 8601, or null',
  (value) => value === null || (typeof value === 'string' && !Number.isNaN(Date.parse(value))),
);

/** Cron, zone and the job are checked where those of callers are: at the start. */
function scheduleRule({ delayMsMax }: Limits): Rule {
  return options({
    ...{ cron: text, timeZone: optional(text), jitterMs: optional(whole(0, delayMsMax)) },
    ...{ overlap: optional(oneOf(OVERLAPS)), missed: optional(oneOf(MISSED)) },
    ...{ startAt: optional(moment), endAt: optional(moment), tenant: optional(text) },
    job: must('be an object with a type', (value) => isPlainObject(value) && typeof value.type === 'string'),
  });
}

const port = whole(0, 65_535);
const serverRule = options({
  ...{ host: optional(text), port: optional(port), publicUrl: optional(httpUrl), dashboard: optional(flag) },
  cors: optional(options({ origins: originsRule })),
});
const DESCRIPTION_LENGTH_MAX = 2_000;
const description = must(
  `be a text of at most ${DESCRIPTION_LENGTH_MAX} characters`,
  (value) => typeof value === 'string' && value !== '' && value.length <= DESCRIPTION_LENGTH_MAX,
);

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
    return outcome.kind === 'limits'
      ? []
      : [{ path: `${path}.${name}`, message: `is refused: ${outcome.message.replace(/\.$/, '')}` }];
  });
}

function typeName(limits: Limits): Rule {
  const requirement = `have a name of letters, digits and . _ - : that begins with a letter or digit, not with bide., and has at most ${limits.typeLengthMax} characters`;
  return must(
    requirement,
    (name) =>
      typeof name === 'string' && name.length <= limits.typeLengthMax && /^(?!bide\.)[A-Za-z0-9][\w.:-]*$/.test(name),
  );
}

function typeRule(limits: Limits): Rule {
  const common = {
    description: optional(description),
    input: optional(standardSchema),
    result: optional(anything),
    slots: optional(whole(1, 10_000)),
    agingMs: optional(whole(1, limits.delayMsMax)),
    expectedMs: optional(whole(1, limits.timeoutMsMax)),
    limit: optional(typeLimitRule(limits)),
    timeoutMs: optional(whole(1, limits.timeoutMsMax)),
    retainMs: optional(whole(0, limits.retainMsMax)),
    retry: optional(retryRule(limits)),
  };
  return (value, path) => {
    if (isFunction(value)) return [];
    if (!isPlainObject(value))
      return [{ path, message: `must be a function, an object with \`run\`, or made by ${MAKERS}` }];
    if (value.kind === undefined) return options({ ...common, ...UNNAMED_KIND.options })(value, path);
    const kind = HANDLER_KINDS.find(({ name }) => name === value.kind);
    if (kind === undefined) return oneOf(HANDLER_KINDS.map(({ name }) => name))(value.kind, `${path}.kind`);
    const rule = options({ ...common, kind: anything, ...kind.options });
    return [...rule(value, path), ...(kind.issuesOf?.(value, path) ?? [])];
  };
}

function typeLimitRule(limits: Limits): Rule {
  const rate = options({ count: whole(1, limits.limitRateCountMax), perMs: whole(1, limits.limitRateMsMax) });
  const key = must('be a function that makes a limit key of the input', isFunction);
  return options({
    key: optional(key),
    concurrency: optional(whole(1, limits.limitConcurrencyMax)),
    rate: optional(rate),
  });
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

function isHostName(value: unknown): boolean {
  return typeof value === 'string' && isIP(value) === 0 && /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(value);
}
