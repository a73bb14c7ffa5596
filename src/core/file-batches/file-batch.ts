/**
 * A batch of a file: each line is a job, all of them are a group, and what became of each is a line of a file again.
 *
 * Pure: what is written down of a batch, what follows from that, and in which word it is told. It is written down before and after each step, so
 * that whoever goes on with it after a crash knows where to begin.
 */
import type { Actor } from '../deed.ts';
import type { GroupCounts } from '../groups/group.ts';
import type { Json } from '../json.ts';
import type { TraceContext } from '../trace-context.ts';

export const FILE_BATCH_STATES = [
  ...(['validating', 'in_progress', 'finalizing', 'completed'] as const),
  ...(['failed', 'expired', 'cancelling', 'cancelled'] as const),
] as const;
export type FileBatchState = (typeof FILE_BATCH_STATES)[number];

/** `failed`: the file is no good, or was taken away while its lines were submitted. */
export type FileBatchEnd = Extract<FileBatchState, 'completed' | 'failed' | 'expired' | 'cancelled'>;

/** What is wrong with a line, or with the whole file where it names none. */
export interface LineIssue {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  /** From 1 on. */
  readonly line: number | null;
}

/** Where the next line begins: the part of the file, the UTF-16 units of it before the line, and the number of the line before. */
export interface LinePlace {
  readonly part: number;
  readonly offset: number;
  readonly line: number;
}

export interface FileBatchTimes {
  /** When its first lines could be submitted. */
  readonly startedAt: number | null;
  readonly cancellingAt: number | null;
  readonly finalizingAt: number | null;
  readonly endedAt: number | null;
}

export interface LineCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
}

export interface FileBatch {
  /** Whose words the lines are in. */
  readonly dialect: string;
  /** What the dialect keeps of the request. */
  readonly options: Json;
  readonly file: string;
  readonly windowMs: number;
  readonly expiresAt: number;
  /** How long its outputs are kept. */
  readonly retainMs: number;
  /** Of whoever made it; its jobs belong to it as well. */
  readonly trace: TraceContext | null;
  /** `submitting` until the group is closed, `running` until it has ended. */
  readonly phase: 'validating' | 'submitting' | 'running' | 'finalizing' | 'over';
  readonly group: string | null;
  readonly total: number;
  /** Behind the last line that has been submitted. */
  readonly place: LinePlace;
  /** Why it ends before its time. */
  readonly ending: Exclude<FileBatchEnd, 'completed'> | null;
  /** Whose cancel it was. */
  readonly by: Actor | null;
  readonly end: FileBatchEnd | null;
  readonly issues: readonly LineIssue[];
  /** Files of output; null where no line is of that kind. Before it is over: those that are being written. */
  readonly output: string | null;
  readonly errors: string | null;
  /** Once it is over: the group, and its members, may be gone by then. */
  readonly counts: LineCounts | null;
  readonly times: FileBatchTimes;
}

export const FILE_START: LinePlace = Object.freeze({ part: 0, offset: 0, line: 0 });

export function newFileBatch(
  asked: Pick<FileBatch, 'dialect' | 'options' | 'file' | 'windowMs' | 'retainMs' | 'trace'>,
  now: number,
): FileBatch {
  return {
    ...asked,
    expiresAt: now + asked.windowMs,
    phase: 'validating',
    group: null,
    total: 0,
    place: FILE_START,
    ending: null,
    by: null,
    end: null,
    issues: [],
    output: null,
    errors: null,
    counts: null,
    times: { startedAt: null, cancellingAt: null, finalizingAt: null, endedAt: null },
  };
}

const PHASE_WORDS = {
  validating: 'validating',
  submitting: 'in_progress',
  running: 'in_progress',
  finalizing: 'finalizing',
} as const;

export function fileBatchState({ phase, end, ending }: FileBatch): FileBatchState {
  if (phase === 'over') return end ?? 'failed';
  return ending === 'cancelled' ? 'cancelling' : PHASE_WORDS[phase];
}

/** A cancel that comes when the lines have ended, or after the file was found to be no good, changes nothing. */
export function canBeCancelled({ phase, ending }: FileBatch): boolean {
  return ending === null && (phase === 'validating' || phase === 'submitting' || phase === 'running');
}

export function cancelled(batch: FileBatch, by: Actor, now: number): FileBatch {
  return { ...batch, ending: 'cancelled', by, times: { ...batch.times, cancellingAt: now } };
}

/** With no lines submitted, or none any more. */
export function over(
  batch: FileBatch,
  end: FileBatchEnd,
  now: number,
  rest: Partial<Pick<FileBatch, 'issues' | 'output' | 'errors' | 'counts'>> = {},
): FileBatch {
  return { ...batch, ...rest, phase: 'over', end, times: { ...batch.times, endedAt: now } };
}

/** How it ended, once every line that was submitted has. A line that met the batch's own deadline makes the whole an expired one. */
export function endOf({ ending }: Pick<FileBatch, 'ending'>, counts: Pick<GroupCounts, 'expired'>): FileBatchEnd {
  return ending ?? (counts.expired > 0 ? 'expired' : 'completed');
}

export function lineCounts(total: number, { succeeded, failed, cancelled, expired }: GroupCounts): LineCounts {
  return { total, completed: succeeded, failed: failed + cancelled + expired };
}
