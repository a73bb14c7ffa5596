/** `bide submit`: one job, from the command line or a file, with or without waiting for it. */
import { type Client, ClientError, type JobBody, type SubmitBody } from '../../client/index.ts';
import { AFTER_POLICIES } from '../../core/after/after.ts';
import { UNIQUE_MODES, type UniqueMode } from '../../core/unique.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { INPUT_OPTION, inputOf } from '../job-input.ts';
import type { OptionTable } from '../option.ts';
import { rateOf } from '../rate.ts';
import { tagsOf } from '../tags.ts';
import { jobLine } from '../terminal/job-text.ts';
import { NO_DISPLAY, progressDisplay } from '../terminal/progress-display.ts';
import { printResult } from '../terminal/result-output.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { usageError } from '../usage-error.ts';
import { exitCodeOfWait, PATIENT_TRIES, waitForJobs } from '../wait-for-jobs.ts';
import { unfinishedNote } from './wait.ts';

const OPTIONS = {
  input: { ...INPUT_OPTION, help: 'the input: JSON, a file with it, or stdin; else null' },
  wait: { kind: 'flag', short: 'w', help: 'wait for the job and print its result' },
  timeout: { kind: 'duration', value: 'TIME', help: 'with --wait: longest wait, such as 60s or 5m' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'label of the job; may be repeated' },
  priority: { kind: 'whole', min: -1_000, max: 1_000, value: 'N', help: 'higher runs first' },
  delay: { kind: 'duration', value: 'TIME', help: 'run no sooner than this from now' },
  after: { kind: 'list', value: 'ID', help: 'run only after this job has succeeded; may be repeated' },
  'after-policy': {
    kind: 'choice',
    choices: AFTER_POLICIES,
    value: 'HOW',
    help: 'with --after: succeeded, which is the default, or final for an end in whatever way',
  },
  attempts: { kind: 'whole', min: 1, max: 10_000, value: 'N', help: 'tries in all' },
  'idempotency-key': { kind: 'text', value: 'KEY', help: 'the same key answers with the same job: safe to repeat' },
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
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const submit = defineCommand({
  name: 'submit',
  summary: 'submit a job and print its id, or with --wait its result',
  arguments: { usage: 'TYPE', min: 1, max: 1, hint: 'the input goes into --input' },
  options: OPTIONS,
  examples: [
    `bide submit echo --input '{"a":1}' --wait`,
    'id=$(bide submit sleep --input \'{"ms":5000}\') && bide wait $id',
    'bide submit report --after $id --wait',
    'bide submit report --input @query.json --tag team=x --delay 10s --priority 5',
    'bide submit call --limit-key customer-42 --limit-concurrency 3 --limit-rate 100/1m',
    'bide submit sync --unique customer-42 --unique-mode debounce --unique-for 5s --unique-max 1m',
  ],
  run: submitAndTell,
});

async function submitAndTell(invocation: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { values, env, args, terminal } = invocation;
  const job = await bodyOf(args[0] ?? '', invocation);
  const client = connect(values, env, { triesMax: 2 });
  const submitted = await client.submit(job, { idempotencyKey: values['idempotency-key'] });
  if (values.wait) return waitAndTell(client, submitted, invocation);
  terminal.line(values.json ? JSON.stringify(submitted) : submitted.id);
  return EXIT.succeeded;
}

async function bodyOf(type: string, { values, terminal }: Invocation<typeof OPTIONS>): Promise<SubmitBody> {
  const { input, tag, priority, delay, attempts, after, 'after-policy': policy } = values;
  return {
    type,
    ...(input === undefined ? {} : { input: await inputOf(input, terminal) }),
    ...(tag.length === 0 ? {} : { tags: tagsOf(tag) }),
    ...(priority === undefined ? {} : { priority }),
    ...(delay === undefined ? {} : { delayMs: delay }),
    ...(after.length === 0 ? {} : { after }),
    ...(policy === undefined ? {} : { afterPolicy: policy as (typeof AFTER_POLICIES)[number] }),
    ...(attempts === undefined ? {} : { retry: { attempts } }),
    ...limitOf(values),
    ...uniqueOf(values),
  };
}

function limitOf(values: Invocation<typeof OPTIONS>['values']): Pick<SubmitBody, 'limit'> {
  const { 'limit-key': key, 'limit-concurrency': concurrency, 'limit-rate': rate } = values;
  if (key === undefined) {
    if (concurrency === undefined && rate === undefined) return {};
    throw usageError('--limit-concurrency and --limit-rate go with --limit-key KEY.');
  }
  const bounds = {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rate === undefined ? {} : { rate: rateOf('--limit-rate', rate) }),
  };
  return { limit: { key, ...bounds } };
}

function uniqueOf(values: Invocation<typeof OPTIONS>['values']): Pick<SubmitBody, 'unique'> {
  const { unique: key, 'unique-mode': mode = 'reject', 'unique-for': forMs, 'unique-max': maxMs } = values;
  const isAlone = values['unique-mode'] !== undefined || forMs !== undefined || maxMs !== undefined;
  if (key === undefined) {
    if (isAlone) throw usageError('--unique-mode, --unique-for and --unique-max go with --unique KEY.');
    return {};
  }
  const times = { ...(forMs === undefined ? {} : { forMs }), ...(maxMs === undefined ? {} : { maxMs }) };
  return { unique: { key, mode: mode as UniqueMode, ...times } };
}

async function waitAndTell(client: Client, job: JobBody, invocation: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { values, env, terminal, onSignal } = invocation;
  if (!values.json) terminal.note(`job ${job.id}`);
  const timeoutMs = values.timeout ?? Number.POSITIVE_INFINITY;
  const waited = await waitForJobs({
    client,
    patient: connect(values, env, { triesMax: PATIENT_TRIES }),
    ids: [job.id],
    mode: 'all',
    timeoutMs,
    display: values.json ? NO_DISPLAY : progressDisplay(terminal, 1),
    onSignal,
  });
  const [last] = waited.jobs;
  if (values.json) terminal.line(JSON.stringify(last));
  else if (last !== undefined && last.state !== 'unknown' && last.finishedAt !== null)
    await tellEnd(client, last, terminal);
  const why = unfinishedNote(waited, timeoutMs);
  if (why !== null) terminal.note(why);
  return exitCodeOfWait(waited, 'all');
}

/** The result is the output, whatever it is; how the job ended otherwise is something said. */
async function tellEnd(client: Client, job: JobBody, terminal: Terminal): Promise<void> {
  if (job.state !== 'succeeded') return terminal.note(`bide: ${jobLine(job)}`);
  if (job.result !== null) return terminal.line(JSON.stringify(job.result, null, 2));
  try {
    await printResult(await client.openResult(job.id), terminal);
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'RESULT_NONE') throw error;
    terminal.note(`${jobLine(job)}: it returned nothing`);
  }
}
