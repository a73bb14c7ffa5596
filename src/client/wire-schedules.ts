/** Schedules, as they travel. */
import type { ShownState } from '../core/state.ts';
import type { CallOptions } from './commanding.ts';
import type { SubmitBody } from './wire.ts';

/** What each tick submits: a submit without its time and its key, which are the tick's, and after nobody. */
export type ScheduledJobBody = Omit<SubmitBody, 'runAt' | 'delayMs' | 'idempotencyKey' | 'after' | 'afterPolicy'>;

/** What is left out is as in a schedule that is new: UTC, no jitter, `allow`, `last`, no start and no end. */
export interface ScheduleDraft {
  /** Five fields, or six with seconds first; `@daily` and its like; `@every 10m`. */
  readonly cron: string;
  /** A name of the IANA database. */
  readonly timeZone?: string;
  readonly jitterMs?: number;
  /** While a job of an earlier tick is unfinished. */
  readonly overlap?: 'allow' | 'skip' | 'queue';
  /** Of ticks that nobody was there for. */
  readonly missed?: 'skip' | 'last' | 'all';
  readonly startAt?: string | null;
  readonly endAt?: string | null;
  readonly job: ScheduledJobBody;
}

export interface ScheduleBody extends Required<ScheduleDraft> {
  readonly name: string;
  /** Those of the config are changed there. */
  readonly source: 'api' | 'config';
  readonly paused: boolean;
  readonly pausedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The next five ticks; none while it is paused. */
  readonly next: readonly string[];
  readonly lastRun: { readonly tick: string; readonly jobId: string } | null;
  /** The last tick without a job. */
  readonly lastSkip: {
    readonly tick: string;
    readonly reason: 'overlap' | 'unique' | 'missed' | 'refused';
    readonly message: string;
  } | null;
}

export interface SchedulesPageOptions extends CallOptions {
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
  readonly pageSize?: number | undefined;
}

export interface SchedulesPage {
  readonly schedules: readonly ScheduleBody[];
  /** For the page behind this one; null where this is the last. */
  readonly next: string | null;
}

export interface ScheduleRunOptions extends CallOptions {
  /** The same key again answers with the job of the first time. */
  readonly idempotencyKey?: string | undefined;
}

export interface RunsPageOptions extends SchedulesPageOptions {
  readonly states?: readonly ShownState[] | undefined;
}
