/** Jobs as people read them. The JSON output is the body of the API as it is, so that there is one format to learn. */
import { isFinished, type JobBody, type UnknownJob, type WaitingFor } from '../../client/index.ts';
import { durationText, shortDuration } from './duration.ts';
import { boundsText } from './limit-text.ts';
import { fitted, printable } from './printable.ts';

/** One line: `0190… running 40 % reading page 3`. */
export function jobLine(job: JobBody | UnknownJob): string {
  if (job.state === 'unknown') return `${job.id} unknown`;
  const words: string[] = [job.id, job.state];
  if (job.state === 'running') words.push(`${percentText(job)} %`);
  if (isBeingCancelled(job)) words.push('(being cancelled)');
  if (job.progress.message !== null && !isFinished(job)) words.push(printable(job.progress.message));
  // While it runs again, the error is that of an earlier attempt.
  if (job.error !== null && job.state !== 'running') words.push(errorText(job.error));
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
    ['schedule', job.schedule === undefined ? null : `${printable(job.schedule.name)}, tick ${job.schedule.tick}`],
    ['group', job.group ?? null],
    ['copy of', job.resubmitOf ?? null],
    ['after', job.after === undefined ? null : afterText(job.after)],
    ['sequence', job.sequenceKey === undefined ? null : printable(job.sequenceKey)],
    ['limit', job.limit === undefined ? null : `${printable(job.limit.key)}${boundsText(job.limit, ', ')}`],
    ['unique', job.unique === undefined ? null : `${printable(job.unique.key)} (${job.unique.mode})`],
    // As whatever shows traces looks for it.
    ['trace', job.traceparent?.slice(3, 35) ?? null],
    ['created', job.createdAt],
    ['runs at', job.state === 'scheduled' || job.state === 'retrying' ? job.runAt : null],
    ['waits for', waitingText(job)],
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

type Cells = readonly [id: string, state: string, type: string, age: string, took: string, rest: string];

const aligned = ([id, state, type, age, took, rest]: Cells) =>
  [id.padEnd(ID_WIDTH), state.padEnd(9), type.padEnd(TYPE_WIDTH), age.padStart(4), took.padStart(6), rest].join('  ');

/** As much of an id as tells jobs of one millisecond apart; every command takes it. */
const ID_WIDTH = 18;
const TYPE_WIDTH = 14;

export const LIST_HEAD = aligned(['ID', 'STATE', 'TYPE', 'AGE', 'TOOK', 'DETAILS']);

/** One row below `LIST_HEAD`, within `columns`. */
export function jobRow(job: JobBody, { nowMs, columns }: { readonly nowMs: number; readonly columns: number }): string {
  const ageMs = nowMs - Date.parse(job.createdAt);
  const age = ageMs < 1_000 ? 'now' : shortDuration(ageMs);
  const took = job.startedAt === null ? null : (tookMs(job) ?? nowMs - Date.parse(job.startedAt));
  const type = fitted(printable(job.type), TYPE_WIDTH);
  const id = job.id.slice(0, ID_WIDTH);
  const row = aligned([id, job.state, type, age, took === null ? '' : shortDuration(took), restOf(job)]);
  return fitted(row, columns).trimEnd();
}

function restOf(job: JobBody): string {
  const words: string[] = [];
  if (job.error !== null && job.state !== 'running') words.push(errorText(job.error));
  if (job.state === 'running') words.push(`${percentText(job)} %`);
  if (job.progress.message !== null && !isFinished(job)) words.push(printable(job.progress.message));
  if (job.waitingFor !== undefined) words.push(waitingWord(job.waitingFor));
  return [...words, tagsText(job)].join(' ').trim();
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

/** Null where it waits for nothing but its turn. */
export function waitingText({ waitingFor, after = [] }: JobBody): string | null {
  if (waitingFor === undefined) return null;
  if ('signal' in waitingFor) return `the signal ${printable(waitingFor.signal)}, until ${waitingFor.until}`;
  if ('parents' in waitingFor) return `the end of ${afterText(after)}`;
  if ('sequence' in waitingFor) return `jobs before it in the sequence ${printable(waitingFor.sequence)}`;
  if ('type' in waitingFor) return typeText(waitingFor);
  const key = printable(waitingFor.limit);
  if (waitingFor.reason === 'full') return `its limit: the key ${key} is full (\`bide limits show\`)`;
  return `its limit: the key ${key} is closed until ${waitingFor.until ?? 'somebody opens it'}`;
}

function typeText({ type, reason }: Extract<WaitingFor, { readonly type: string }>): string {
  const name = printable(type);
  if (reason === 'paused') return `its type: ${name} is paused (\`bide types resume ${name}\`)`;
  return `its type: as many jobs of ${name} run, or have started, as its limit lets (\`bide types\`)`;
}

/** The same in the few characters that a row has. */
function waitingWord(waitingFor: WaitingFor): string {
  if ('signal' in waitingFor) return `signal ${printable(waitingFor.signal)}`;
  if ('parents' in waitingFor) return 'jobs before it';
  if ('sequence' in waitingFor) return `sequence ${printable(waitingFor.sequence)}`;
  if ('type' in waitingFor) return `type ${waitingFor.reason}`;
  return `${waitingFor.reason}: ${printable(waitingFor.limit)}`;
}

function afterText(ids: readonly string[]): string {
  return ids.length === 1 ? (ids[0] ?? '') : `${ids.length} jobs (\`bide parents\`)`;
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
