/**
 * The job: one unit of work and everything Bide remembers about it.
 *
 * A `Job` is an immutable snapshot of one revision. All times are epoch milliseconds (formatted only at the
 * edges), all durations end in `Ms`. The input and the result bytes are not part of the snapshot, so that a status
 * read stays narrow: the store hands them out on their own (`ClaimedJob.input`, `Store.readResult`).
 */
import type { Json } from './json.ts';
import { firstMarks, type Marks } from './marks.ts';
import type { FinalState, StoredState } from './state.ts';
import type { Terms } from './terms.ts';

export type { Json } from './json.ts';

export type Tags = Readonly<Record<string, string>>;

/** How far an attempt has come: `percent` 0 to 100, never down within one attempt. */
export interface Progress {
  readonly percent: number;
  readonly message: string | null;
}

/** When and how often a failed attempt is tried again. The wait before attempt n+1 is `min(maxMs, backoffMs * factor^(n-1))`, with jitter. */
export interface RetryPolicy {
  /** Attempts in all, the first one included. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Why one attempt failed: `code` for programs, `message` for people, `details` for whoever debugs it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: Json;
}

/** An attempt that has ended, and that the job went on after. */
export interface EndedAttempt {
  /** From 1 on since the submit or the last `retry`; the fence tells attempts apart. */
  readonly number: number;
  readonly fence: number;
  readonly worker: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: FinalState;
  readonly error: Omit<Failure, 'details'> | null;
}

/** What is known of a result without reading it. */
export interface ResultMeta {
  readonly contentType: string;
  readonly bytes: number;
}

/** What a dialect must remember of the request that made the job. Opaque to everyone but that dialect. */
export interface Origin {
  readonly dialect: string;
  readonly data: Json;
  /** The job that this one is a copy of. */
  readonly resubmitOf?: string;
}

export interface Job {
  /** UUIDv7, lower case. */
  readonly id: string;
  /** Increasing integer below 2^53, for callers whose job ids are numbers. */
  readonly number: number;
  readonly tenant: string;
  readonly type: string;
  readonly state: StoredState;
  /** Higher runs first. */
  readonly priority: number;
  /** Not claimed before this time. */
  readonly runAt: number;
  readonly tags: Tags;
  readonly progress: Progress;
  /** Attempts begun since the submit or the last `retry`; 0 before the first claim. */
  readonly attempt: number;
  readonly retry: RetryPolicy;
  /** Grows by one at every claim and never resets; every call of a worker carries it. */
  readonly fence: number;
  /** Grows by one at every write that a reader can see (all but lease extensions): ETag and wait cursor at once. */
  readonly revision: number;
  readonly leaseUntil: number | null;
  /** Who holds the job, or held it when it ended. */
  readonly worker: string | null;
  readonly cancelRequestedAt: number | null;
  /** Longest time one attempt may take. */
  readonly timeoutMs: number | null;
  /** Longest time the whole job may take, counted from the submit or the last `retry`. */
  readonly deadlineMs: number | null;
  /** The job must be final by then: `deadlineMs` as a point in time. */
  readonly deadlineAt: number | null;
  /** Jobs of one tenant with the same key run one after another, in the order of their numbers; null runs freely. */
  readonly sequenceKey: string | null;
  readonly createdAt: number;
  /** Those before the latest one, which is told by the other fields; the newest `ATTEMPT_HISTORY_MAX` of decide.ts. See `attempts.ts`. */
  readonly attempts: readonly EndedAttempt[];
  /** Start of the latest attempt. */
  readonly startedAt: number | null;
  /** Set exactly when the state is final. */
  readonly finishedAt: number | null;
  /** How long a final job is kept, counted from `finishedAt`. */
  readonly retainMs: number;
  readonly error: Failure | null;
  readonly result: ResultMeta | null;
  readonly idempotencyKey: string | null;
  /** Hash of the submitted request; tells a replay from a conflict. */
  readonly requestHash: string | null;
  /** Where state changes are delivered, when somebody asked for that. */
  readonly callbackUrl: string | null;
  readonly origin: Origin | null;
  readonly terms: Terms | null;
  readonly marks: Marks | null;
}

/** The part of a job that its submitter decides; everything else follows from the table of transitions. */
export interface JobSpec {
  readonly id: string;
  readonly tenant: string;
  readonly type: string;
  readonly priority: number;
  readonly runAt: number;
  readonly tags: Tags;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | null;
  readonly deadlineMs: number | null;
  readonly sequenceKey: string | null;
  readonly createdAt: number;
  readonly retainMs: number;
  readonly idempotencyKey: string | null;
  readonly requestHash: string | null;
  readonly callbackUrl: string | null;
  readonly origin: Origin | null;
  readonly terms: Terms | null;
}

/** The fields that a transition may change. A key that is present is written, one that is absent stays as it is. */
export type JobPatch = Partial<
  Pick<
    Job,
    | 'state'
    | 'runAt'
    | 'progress'
    | 'attempt'
    | 'attempts'
    | 'fence'
    | 'leaseUntil'
    | 'worker'
    | 'cancelRequestedAt'
    | 'deadlineAt'
    | 'startedAt'
    | 'finishedAt'
    | 'error'
    | 'result'
    | 'marks'
  >
>;

/** The first snapshot of a submitted job; the store has given it its `number`. */
export function jobOf(spec: JobSpec, number: number): Job {
  return {
    id: spec.id,
    number,
    tenant: spec.tenant,
    type: spec.type,
    state: 'waiting',
    priority: spec.priority,
    runAt: spec.runAt,
    tags: spec.tags,
    progress: NO_PROGRESS,
    attempt: 0,
    attempts: NO_ATTEMPTS,
    retry: spec.retry,
    fence: 0,
    revision: 1,
    leaseUntil: null,
    worker: null,
    cancelRequestedAt: null,
    timeoutMs: spec.timeoutMs,
    deadlineMs: spec.deadlineMs,
    deadlineAt: spec.deadlineMs === null ? null : spec.createdAt + spec.deadlineMs,
    sequenceKey: spec.sequenceKey,
    createdAt: spec.createdAt,
    startedAt: null,
    finishedAt: null,
    retainMs: spec.retainMs,
    error: null,
    result: null,
    idempotencyKey: spec.idempotencyKey,
    requestHash: spec.requestHash,
    callbackUrl: spec.callbackUrl,
    origin: spec.origin,
    terms: spec.terms,
    marks: firstMarks(spec.terms),
  };
}

/** The job as it is after `patch` was written: what the store does in SQL, for whoever holds a snapshot. */
export function patched(job: Job, patch: JobPatch): Job {
  return { ...job, ...patch, revision: job.revision + 1 };
}

/** When a final job may be removed; null while it is not final. */
export function retainUntil(job: Pick<Job, 'finishedAt' | 'retainMs'>): number | null {
  return job.finishedAt === null ? null : job.finishedAt + job.retainMs;
}

/** The group that a job is in, by its id: one at most. */
export function groupIdOf({ terms, marks }: Pick<Job, 'terms' | 'marks'>): string | null {
  return terms?.group ?? marks?.group ?? null;
}

export const NO_ATTEMPTS: readonly EndedAttempt[] = Object.freeze([]);

export const NO_PROGRESS: Progress = Object.freeze({ percent: 0, message: null });
