/** `bide bulk`: cancels, retries or removes all jobs that fit. */
import type { BulkAction, Client, JobBody } from '../../client/index.ts';
import { nearest } from '../../core/nearest.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { FILTER_OPTIONS, filterOf } from '../filter-options.ts';
import type { OptionTable } from '../option.ts';
import { jobLine } from '../terminal/job-text.ts';
import { usageError } from '../usage-error.ts';
import { PATIENT_TRIES } from '../wait-for-jobs.ts';

const ACTIONS: readonly BulkAction[] = ['cancel', 'retry', 'remove'];

const OPTIONS = {
  'dry-run': { kind: 'flag', help: 'only say how many there are' },
  all: { kind: 'flag', help: 'all of them: needed where nothing else says which' },
  'no-wait': { kind: 'flag', help: 'print the id of the job that does it, and leave it to the server' },
  ...FILTER_OPTIONS,
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const bulk = defineCommand({
  name: 'bulk',
  summary: 'cancel, retry or remove all jobs that fit',
  description:
    'Needs a key with the scope operate. The server does it by a job of its own, which goes on when this command is ended. Jobs that are submitted or that end ' +
    'meanwhile are left alone.',
  arguments: { usage: 'cancel | retry | remove', min: 1, max: 1 },
  options: OPTIONS,
  examples: [
    'bide bulk cancel --state queued --type report --dry-run',
    'bide bulk retry --error TIMEOUT --finished-within 1h',
    'bide bulk remove --state failed --created-before 30d',
  ],
  run: changeMany,
});

async function changeMany({ values, env, args, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const action = actionOf(args[0] ?? '');
  const filter = filterOf(values);
  const client = connect(values, env, { triesMax: 2 });
  if (values['dry-run']) {
    const { count, exact } = await client.bulkCount(action, filter);
    terminal.line(values.json ? JSON.stringify({ count, exact }) : `${exact ? '' : 'at least '}${count} jobs`);
    return EXIT.succeeded;
  }
  const job = await client.bulk(action, filter, values.all ? { confirm: 'all' } : {});
  if (values['no-wait']) {
    terminal.line(values.json ? JSON.stringify(job) : job.id);
    return EXIT.succeeded;
  }
  if (!values.json) terminal.note(`job ${job.id}`);
  const ended = await waited(connect(values, env, { triesMax: PATIENT_TRIES }), job);
  terminal.line(values.json ? JSON.stringify(ended) : endText(ended));
  return ended.state === 'succeeded' ? EXIT.succeeded : EXIT.unsuccessful;
}

async function waited(client: Client, { id }: JobBody): Promise<JobBody> {
  return (await client.wait(id)).job;
}

function actionOf(word: string): BulkAction {
  const action = ACTIONS.find((one) => one === word);
  if (action !== undefined) return action;
  const meant = nearest(word, ACTIONS);
  const hint = meant === null ? `one of ${ACTIONS.join(', ')}` : `\`bide bulk ${meant}\``;
  throw usageError(`There is no \`bide bulk ${word}\`: did you mean ${hint}?`);
}

function endText(job: JobBody): string {
  if (job.state !== 'succeeded') return jobLine(job);
  const { changed, skipped, failed } = job.result as Readonly<Record<'changed' | 'skipped' | 'failed', number>>;
  return `${changed} changed, ${skipped} skipped, ${failed} failed`;
}
