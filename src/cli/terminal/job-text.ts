/** Jobs as people read them. The JSON output is the body of the API as it is, so that there is one format to learn. */
import { isFinished, type JobBody, type UnknownJob } from '../../client/index.ts';
import { durationText } from './duration.ts';
import { fitted, printable } from './printable.ts';

/** One line: `0190… running 40 % reading page 3`. */
export function jobLine(job: JobBody | UnknownJob): string {
  if (job.state === 'unknown') return `${job.id} unknown`;
  const words: string[] = [job.id, job.state];
  if (job.state === 'running') words.push(`${percentText(job)} %`);
  if (isBeingCancelled(job)) words.push('(being cancelled)');
  if (job.progress.message !== null && !isFinished(job)) words.push(printable(job.progress.message));
  if (job.error !== null) words.push(errorText(job.error));
  const took = tookMs(job);
  if (took !== null) words.push(`(${durationText(took)})`);
  return words.join(' ');
}

/** Everything, a line per fact. */
export function jobFacts(job: JobBody): readonly string[] {
  const took = tookMs(job);
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', job.id],
    ['number', job.number === undefined ? null : String(job.number)],
    ['type', printable(job.type)],
    ['state', isBeingCancelled(job) ? `${job.state} (being cancelled)` : job.state],
    ['progress', `${percentText(job)} %${job.progress.message === null ? '' : ` ${printable(job.progress.message)}`}`],
    ['attempt', `${job.attempt} of ${job.attemptsMax}`],
    ['priority', job.priority === 0 ? null : String(job.priority)],
    ['tags', tagsText(job) || null],
    ['created', job.createdAt],
    ['runs at', job.state === 'scheduled' || job.state === 'retrying' ? job.runAt : null],
    ['started', job.startedAt],
    [
      'finished',
      job.finishedAt === null ? null : `${job.finishedAt}${took === null ? '' : ` (${durationText(took)})`}`,
    ],
    ['deadline', isFinished(job) ? null : job.deadlineAt],
    ['kept until', job.retainUntil],
    ['error', job.error === null ? null : errorText(job.error)],
    ['result', resultText(job)],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(11)}${value}`]));
}

export const LIST_HEAD = `${'ID'.padEnd(36)}  ${'STATE'.padEnd(9)}  ${'DONE'.padStart(5)}  ${'TYPE'.padEnd(20)}  CREATED`;

/** One row below `LIST_HEAD`. */
export function jobRow(job: JobBody): string {
  const percent = `${Math.floor(job.progress.percent)} %`.padStart(5);
  const type = fitted(printable(job.type), 20).padEnd(20);
  const tags = tagsText(job);
  return `${job.id}  ${job.state.padEnd(9)}  ${percent}  ${type}  ${job.createdAt}${tags === '' ? '' : `  ${tags}`}`;
}

export function percentText(job: JobBody): string {
  const { percent } = job.progress;
  return Number.isInteger(percent) ? String(percent) : percent.toFixed(1);
}

export function errorText(error: { readonly code: string; readonly message: string }): string {
  return `${printable(error.code)}: ${printable(error.message)}`;
}

/** A cancel takes until the handler has stopped: said so that nobody cancels twice. */
function isBeingCancelled(job: JobBody): boolean {
  return job.cancelRequestedAt !== null && !isFinished(job);
}

function tagsText(job: JobBody): string {
  return Object.entries(job.tags)
    .map(([name, value]) => `${printable(name)}=${printable(value)}`)
    .join(' ');
}

/** Null where there is no result, or the body does not say. */
function resultText(job: JobBody): string | null {
  if (job.state !== 'succeeded') return null;
  if (job.result === null) return `see \`bide result ${job.id}\``;
  return fitted(JSON.stringify(job.result), 200);
}

function tookMs(job: JobBody): number | null {
  if (job.startedAt === null || job.finishedAt === null) return null;
  return Date.parse(job.finishedAt) - Date.parse(job.startedAt);
}
