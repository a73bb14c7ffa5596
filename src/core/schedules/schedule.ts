/**
 * A schedule: a job to be submitted again and again, at the ticks of a cron expression.
 *
 * `state` says how far it has come: every tick up to `cursor` has been decided on, run or skipped, and none behind it. It is written together with
 * the jobs of its ticks, so a tick is never decided on twice, and none is left out.
 */
import type { Json } from '../job.ts';
import type { UniqueMode } from '../unique.ts';

export const OVERLAPS = ['allow', 'skip', 'queue'] as const;
/** What a tick does while a job of an earlier one is unfinished; `queue`: one may wait behind it. */
export type Overlap = (typeof OVERLAPS)[number];

export const MISSED = ['skip', 'last', 'all'] as const;
/** Which ticks are made up for that nobody was there for. */
export type Missed = (typeof MISSED)[number];

export interface ScheduleSpec {
  /** Five or six fields, `@daily` and its like, or `@every 10m`. */
  readonly cron: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
  /** A job is due up to this long after its tick, the same for whoever decides. */
  readonly jitterMs: number;
  readonly overlap: Overlap;
  readonly missed: Missed;
  /** The first moment that may be a tick, and the first that may not any more. */
  readonly startAt: number | null;
  readonly endAt: number | null;
  /** What is submitted at each tick: as the body of a submit. */
  readonly job: ScheduledJob;
}

/** What a tick submits may say of what a submit can: all but its time and its key, which are the tick's. */
export const SCHEDULED_FIELDS = [
  ...(['type', 'input', 'tags', 'priority', 'timeoutMs', 'deadlineMs', 'retry', 'retainMs'] as const),
  ...(['callback', 'sequenceKey', 'limit', 'unique'] as const),
] as const;

/**
 * Each tick brings the same job at a time of its own: there is nothing to replace or to move. Another job of the key holds it, of whichever tick or
 * submit, and the tick has none.
 */
export const SCHEDULED_UNIQUE: readonly UniqueMode[] = ['reject', 'existing'];

/** Each job of a schedule has it, with the name as its value: so they are found. */
export const SCHEDULE_TAG = 'bide.schedule';

export interface ScheduledJob {
  readonly type: string;
  readonly input?: Json | undefined;
  readonly [field: string]: unknown;
}

export const SKIP_REASONS = ['overlap', 'unique', 'missed', 'refused'] as const;
/** Why a tick had no job: one before it was unfinished, another held its unique key, nobody was there for it, or its job was refused. */
export type SkipReason = (typeof SKIP_REASONS)[number];

export interface ScheduleState {
  readonly cursor: number;
  /** The tick after it; null when there is none any more. */
  readonly next: number | null;
  /** Ticks up to here are made up for, however late that is. */
  readonly catchUpUntil: number | null;
  readonly pausedAt: number | null;
  /** Jobs that may be unfinished, oldest first: at most two. */
  readonly recent: readonly string[];
  readonly lastRun: { readonly tick: number; readonly jobId: string } | null;
  readonly lastSkip: SkippedTick | null;
}

export interface SkippedTick {
  readonly tick: number;
  readonly reason: SkipReason;
  readonly message: string;
}

export interface Schedule {
  readonly spec: ScheduleSpec;
  readonly state: ScheduleState;
  /** Those of a config are changed there. */
  readonly source: 'api' | 'config';
  readonly updatedAt: number;
}

/** The ticks of a cron expression; finds the first one behind a moment, null when none comes any more. */
export type NextTick = (after: number) => number | null;
