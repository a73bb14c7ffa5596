/** `bide submit`: one job, from the command line or a file, with or without waiting for it. */
import { type Client, ClientError, type JobBody } from '../../client/index.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { SUBMIT_OPTIONS, submitFieldsOf } from '../job-options.ts';
import type { OptionTable } from '../option.ts';
import { jobLine } from '../terminal/job-text.ts';
import { NO_DISPLAY, progressDisplay } from '../terminal/progress-display.ts';
import { printResult } from '../terminal/result-output.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { exitCodeOfWait, PATIENT_TRIES, waitForJobs } from '../wait-for-jobs.ts';
import { unfinishedNote } from './wait.ts';

const OPTIONS = {
  wait: { kind: 'flag', short: 'w', help: 'wait for the job and print its result' },
  timeout: { kind: 'duration', value: 'TIME', help: 'with --wait: longest wait, such as 60s or 5m' },
  ...SUBMIT_OPTIONS,
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
  const job = { type: args[0] ?? '', ...(await submitFieldsOf(values, terminal)) };
  const client = connect(values, env, { triesMax: 2 });
  const submitted = await client.submit(job, { idempotencyKey: values['idempotency-key'] });
  if (values.wait) return waitAndTell(client, submitted, invocation);
  terminal.line(values.json ? JSON.stringify(submitted) : submitted.id);
  return EXIT.succeeded;
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
