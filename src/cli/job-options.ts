/** What a job is submitted with, as options: the same wherever a command says a job, all that the API takes. */
import type { SubmitBody } from '../client/index.ts';
import { AFTER_POLICIES } from '../core/after/after.ts';
import { UNIQUE_MODES, type UniqueMode } from '../core/unique.ts';
import { INPUT_OPTION, inputOf } from './job-input.ts';
import type { OptionTable, OptionValues } from './option.ts';
import { rateOf } from './rate.ts';
import { tagsOf } from './tags.ts';
import type { Terminal } from './terminal/terminal.ts';
import { usageError } from './usage-error.ts';

/** Of every job, also of one that is submitted later. */
export const JOB_OPTIONS = {
  input: { ...INPUT_OPTION, help: 'the input: JSON, a file with it, or stdin; else null' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'label of the job; may be repeated' },
  priority: { kind: 'whole', min: -1_000, max: 1_000, value: 'N', help: 'higher runs first' },
  'attempt-timeout': { kind: 'duration', value: 'TIME', help: 'longest time of one attempt' },
  deadline: { kind: 'duration', value: 'TIME', help: 'longest time of the whole job, waiting included' },
  attempts: { kind: 'whole', min: 1, max: 10_000, value: 'N', help: 'tries in all' },
  backoff: { kind: 'duration', value: 'TIME', help: 'wait after the first failed attempt' },
  'backoff-factor': { kind: 'text', value: 'N', help: 'growth of that wait from attempt to attempt: 1 to 10' },
  'backoff-max': { kind: 'duration', value: 'TIME', help: 'longest wait between attempts' },
  retain: { kind: 'duration', value: 'TIME', help: 'how long the finished job is kept' },
  sequence: { kind: 'text', value: 'KEY', help: 'jobs with the same key run one after another' },
  'limit-key': { kind: 'text', value: 'KEY', help: 'jobs with the same key share a limit' },
  'limit-concurrency': { kind: 'whole', min: 1, max: 1_000_000, value: 'N', help: 'with --limit-key: so many at once' },
  'limit-rate': { kind: 'text', value: 'N/TIME', help: 'with --limit-key: so many starts in any such time' },
  unique: { kind: 'text', value: 'KEY', help: 'one job of the type with this key: see --unique-mode' },
  'unique-mode': {
    kind: 'choice',
    choices: UNIQUE_MODES,
    value: 'MODE',
    help: 'what becomes of it where a job has the key: reject (unless told), existing, replace, debounce, rerun',
  },
  'unique-for': { kind: 'duration', value: 'TIME', help: 'holds the key so long; with debounce the quiet time' },
  'unique-max': { kind: 'duration', value: 'TIME', help: 'with debounce: runs no later than this after the first' },
  callback: { kind: 'text', value: 'URL', help: 'is told of the end of the job: see docs/features/webhooks.md' },
  'callback-event': { kind: 'list', value: 'EVENT', help: 'with --callback: told of this; may be repeated' },
  'callback-secret': { kind: 'text', value: 'ID', help: 'with --callback: the webhook whose secret signs' },
} as const satisfies OptionTable;

/** Of a job that is submitted now. */
export const SUBMIT_OPTIONS = {
  ...JOB_OPTIONS,
  delay: { kind: 'duration', value: 'TIME', help: 'run no sooner than this from now' },
  at: { kind: 'text', value: 'WHEN', help: 'run no sooner than then, such as 2030-01-31T12:00:00Z' },
  after: { kind: 'list', value: 'ID', help: 'run only after this job has succeeded; may be repeated' },
  'after-policy': {
    kind: 'choice',
    choices: AFTER_POLICIES,
    value: 'HOW',
    help: 'with --after: succeeded, which is the default, or final for an end in whatever way',
  },
  'idempotency-key': { kind: 'text', value: 'KEY', help: 'the same key answers with the same job: safe to repeat' },
} as const satisfies OptionTable;

type JobValues = OptionValues<typeof JOB_OPTIONS>;
type SubmitValues = OptionValues<typeof SUBMIT_OPTIONS>;

/** The options of one action of a command that has several. */
export function optionsOf<const T extends OptionTable>(action: string, table: T): T {
  const said = Object.entries(table).map(([name, option]) => [name, { ...option, help: `${action}: ${option.help}` }]);
  return Object.fromEntries(said) as T;
}

export async function jobFieldsOf(values: JobValues, terminal: Terminal): Promise<Omit<SubmitBody, 'type'>> {
  const { input, tag, priority, sequence } = values;
  return {
    ...(input === undefined ? {} : { input: await inputOf(input, terminal) }),
    ...(tag.length === 0 ? {} : { tags: tagsOf(tag) }),
    ...given({
      priority,
      timeoutMs: values['attempt-timeout'],
      deadlineMs: values.deadline,
      retainMs: values.retain,
      sequenceKey: sequence,
    }),
    ...retryOf(values),
    ...limitOf(values),
    ...uniqueOf(values),
    ...callbackOf(values),
  };
}

/** All but the idempotency key, which is a header. */
export async function submitFieldsOf(values: SubmitValues, terminal: Terminal): Promise<Omit<SubmitBody, 'type'>> {
  const { delay, at, after, 'after-policy': policy } = values;
  return {
    ...(await jobFieldsOf(values, terminal)),
    ...given({ delayMs: delay, runAt: at, afterPolicy: policy as SubmitBody['afterPolicy'] }),
    ...(after.length === 0 ? {} : { after }),
  };
}

/** Without those that were not said. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function retryOf(values: JobValues): Pick<SubmitBody, 'retry'> {
  const { attempts, backoff: backoffMs, 'backoff-factor': growth, 'backoff-max': maxMs } = values;
  const factor = growth === undefined ? undefined : Number(growth);
  if (factor !== undefined && !(factor >= 1 && factor <= 10))
    throw usageError(`Option --backoff-factor takes a number from 1 to 10, not ${growth}.`);
  const retry = given({ attempts, backoffMs, factor, maxMs });
  return Object.keys(retry).length === 0 ? {} : { retry };
}

function limitOf(values: JobValues): Pick<SubmitBody, 'limit'> {
  const { 'limit-key': key, 'limit-concurrency': concurrency, 'limit-rate': rate } = values;
  if (key === undefined) {
    if (concurrency === undefined && rate === undefined) return {};
    throw usageError('--limit-concurrency and --limit-rate go with --limit-key KEY.');
  }
  return {
    limit: { key, ...given({ concurrency, rate: rate === undefined ? undefined : rateOf('--limit-rate', rate) }) },
  };
}

function uniqueOf(values: JobValues): Pick<SubmitBody, 'unique'> {
  const { unique: key, 'unique-mode': mode = 'reject', 'unique-for': forMs, 'unique-max': maxMs } = values;
  const isAlone = values['unique-mode'] !== undefined || forMs !== undefined || maxMs !== undefined;
  if (key === undefined) {
    if (isAlone) throw usageError('--unique-mode, --unique-for and --unique-max go with --unique KEY.');
    return {};
  }
  return { unique: { key, mode: mode as UniqueMode, ...given({ forMs, maxMs }) } };
}

function callbackOf(values: JobValues): Pick<SubmitBody, 'callback'> {
  const { callback: url, 'callback-event': events, 'callback-secret': secretId } = values;
  if (url === undefined) {
    if (events.length === 0 && secretId === undefined) return {};
    throw usageError('--callback-event and --callback-secret go with --callback URL.');
  }
  // Which words there are the server says.
  const asked = events as Required<NonNullable<SubmitBody['callback']>>['events'];
  return { callback: { url, ...(events.length === 0 ? {} : { events: asked }), ...given({ secretId }) } };
}
