/**
 * The bodies of the native API, as they travel: what the client sends and gets.
 *
 * Times are ISO 8601 in UTC, durations milliseconds. A job that the server does not know (or that belongs to another tenant)
 * shows up in a wait as `{ id, state: 'unknown' }`, so that one wrong id never spoils a wait for a thousand.
 */
import type { AfterPolicy } from '../core/after/after.ts';
import type { Json, Tags } from '../core/job.ts';
import type { LogLevel } from '../core/log-line.ts';
import type { Scope } from '../core/scopes.ts';
import type { ShownState, StoredState } from '../core/state.ts';
import type { Unique } from '../core/unique.ts';
import type { CallbackBody } from './wire-callback.ts';
import type { LimitBounds } from './wire-limits.ts';

/** Lets its bearer read one job. */
export interface JobTokenBody {
  /** Sent as a key is. */
  readonly token: string;
  readonly expiresAt: string;
}

export interface JobBody {
  readonly id: string;
  /** Counts the jobs of all tenants: only where an admin's key asked for it. */
  readonly number?: number;
  readonly type: string;
  /** The job that this one is a copy of. */
  readonly resubmitOf?: string;
  /** The tick of a schedule that submitted it. */
  readonly schedule?: { readonly name: string; readonly tick: string };
  /** The group that it is in. */
  readonly group?: string;
  /** Ids of the jobs that it comes after, where there are any. */
  readonly after?: readonly string[];
  /** How those have to end. */
  readonly afterPolicy?: AfterPolicy;
  readonly state: ShownState;
  readonly progress: { readonly percent: number; readonly message: string | null };
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly priority: number;
  readonly tags: Tags;
  /** Grows with every change: also the ETag, and what `watch` continues from. */
  readonly revision: number;
  /** Where it stands in the trace of its submit; its digits 4 to 35 are the id of the trace. */
  readonly traceparent?: string;
  /** Jobs with the same key run one after another. */
  readonly sequenceKey?: string;
  /** As the job says it, or its type; `limits.get(key)` says what holds. */
  readonly limit?: { readonly key: string } & Required<LimitBounds>;
  /** The key that it holds, or held, as the only one of its type. */
  readonly unique?: Unique;
  readonly waitingFor?: WaitingFor;
  readonly createdAt: string;
  readonly runAt: string;
  readonly startedAt: string | null;
  /** Set exactly when the job is final. */
  readonly finishedAt: string | null;
  readonly deadlineAt: string | null;
  readonly retainUntil: string | null;
  readonly cancelRequestedAt: string | null;
  readonly error: JobErrorBody | null;
  /** The result when it is JSON and small; fetch it with `result` otherwise. */
  readonly result: Json;
  readonly links: Readonly<Record<string, string>>;
}

/** What a job waits for beside its time and its turn. Types, sequences and limits are told by reads and lists, not by events. */
export type WaitingFor =
  /** It is parked, and goes on without the signal at `until`. */
  | { readonly signal: string; readonly until: string }
  /** The jobs that it comes after. */
  | { readonly parents: true }
  /** Jobs before it that have the same key. */
  | { readonly sequence: string }
  /** Its type is paused, or as many of it run, or have started, as its limit as a whole lets. */
  | { readonly type: string; readonly reason: 'paused' | 'full' }
  /** A key that is full, or closed: until then, or until somebody opens it. */
  | { readonly limit: string; readonly reason: 'full' | 'closed'; readonly until: string | null };

export interface JobErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details: Json;
}

/** One attempt of a job. */
export interface AttemptBody {
  /** From 1 on; a retry by hand begins anew. */
  readonly number: number;
  /** Grows with every attempt. */
  readonly fence: number;
  readonly worker: string | null;
  readonly startedAt: string;
  /** Null while it runs. */
  readonly endedAt: string | null;
  readonly outcome: Exclude<StoredState, 'waiting'>;
  readonly error: Pick<JobErrorBody, 'code' | 'message'> | null;
}

/** An id of a wait that there is no job for. */
export interface UnknownJob {
  readonly id: string;
  readonly state: 'unknown';
}

export interface RetryBody {
  /** Attempts in all, the first one included. */
  readonly attempts?: number;
  readonly backoffMs?: number;
  readonly factor?: number;
  readonly maxMs?: number;
}

export interface SubmitBody {
  readonly type: string;
  readonly input?: Json;
  readonly tags?: Tags;
  readonly priority?: number;
  /** Not before this time; at most one of `runAt` and `delayMs`. */
  readonly runAt?: string | null;
  readonly delayMs?: number | null;
  /** Longest time of one attempt. */
  readonly timeoutMs?: number | null;
  /** Longest time of the whole job. */
  readonly deadlineMs?: number | null;
  readonly retry?: RetryBody | null;
  /** How long the finished job is kept. */
  readonly retainMs?: number | null;
  /** For jobs of a bulk submit; a single submit has an option for it. */
  readonly idempotencyKey?: string | null;
  /** Jobs with the same key run one after another. */
  readonly sequenceKey?: string | null;
  /** What the submit becomes where another job of the type has the same key. */
  readonly unique?: Unique | null;
  /** Ids of jobs that have to end before this one may run. */
  readonly after?: readonly string[] | null;
  /** How they have to end; `succeeded` unless told. */
  readonly afterPolicy?: AfterPolicy | null;
  /** Jobs of the tenant with the same key share its limit; without bounds the key's own hold. */
  readonly limit?: ({ readonly key: string } & LimitBounds) | null;
  /** Where changes of the job are announced. */
  readonly callback?: CallbackBody | null;
}

export interface ProblemBody {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly [fact: string]: unknown;
}

/** What became of one job of a bulk submit. */
export type BulkItem =
  | { readonly status: number; readonly job: JobBody; readonly error?: undefined }
  | { readonly status: number; readonly error: ProblemBody; readonly job?: undefined };

/** Jobs per state as the store keeps them: `waiting` is scheduled, queued and retrying. */
export type StateCounts = Readonly<Record<StoredState, number>>;

export interface CountsBody {
  readonly total: StateCounts;
  /** Types that have jobs, by name. */
  readonly types: readonly (StateCounts & { readonly type: string })[];
}

/** Of a stretch of time. Quantiles are null where no job ended by running. */
export interface FiguresBody {
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly expired: number;
  /** Attempts that failed and are made again. */
  readonly retried: number;
  /** Attempts that ended a job, and what they took together. */
  readonly runs: number;
  readonly runMs: number;
  readonly runMsP50: number | null;
  readonly runMsP95: number | null;
}

export interface WorkerBody {
  readonly name: string;
  /** A process of the server, or a worker of the tenant that claims over HTTP. */
  readonly kind: 'server' | 'remote';
  /** Of a process, for the scope admin. */
  readonly host: string | null;
  readonly pid: number | null;
  readonly version: string | null;
  readonly types: readonly { readonly name: string; readonly slots: number }[];
  readonly slots: number;
  /** Jobs of the tenant; for the scope admin of all. */
  readonly running: number;
  readonly startedAt: string | null;
  readonly seenAt: string;
}

export interface StatsBody {
  readonly stepMinutes: number;
  /** By time, without a gap; the last one is under way. */
  readonly points: readonly (FiguresBody & { readonly at: string; readonly waiting: number })[];
}

/** A number of jobs; at least so many where it is not exact. */
export interface EstimateBody {
  readonly count: number;
  readonly exact: boolean;
}

export interface TypeBody {
  readonly name: string;
  readonly kind: string;
  readonly description: string | null;
  /** JSON Schema; null where there is none. */
  readonly inputSchema: Json | null;
  /** Jobs of it that run at once in one process. */
  readonly slots: number;
  /** How much later a job of the priority above has to be to come behind; null: it never does. */
  readonly agingMs: number | null;
  /** How long a job usually takes, by the config. */
  readonly expectedMs: number | null;
  /** How much of it runs in all processes together. */
  readonly limit: {
    readonly concurrency: number | null;
    readonly rate: { readonly count: number; readonly perMs: number } | null;
    /** Of each key that the config makes of the input; else of the type as a whole. */
    readonly perKey: boolean;
  } | null;
  /** Whether nothing of it is started, for no tenant. */
  readonly paused: boolean;
  readonly pausedAt: string | null;
  /** The caller's own jobs. */
  readonly running: number;
  readonly waiting: number;
  /** For how long the first of them has been due; null where none is. */
  readonly oldestWaitingMs: number | null;
  readonly last5Minutes: FiguresBody;
  readonly last60Minutes: FiguresBody;
  /** Of the last 60 minutes, the most frequent first. */
  readonly errors: readonly { readonly code: string; readonly count: number }[];
}

export type KeyScope = Scope;

export interface KeyBody {
  /** The public part of the key, which names it. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly createdAt: string;
  readonly revokedAt: string | null;
  readonly expiresAt: string | null;
}

/** A key at its making: the only time that the whole key is shown. */
export type NewKeyBody = KeyBody & { readonly key: string };

/** A job in the hands of a remote worker. */
export interface WorkBody {
  readonly id: string;
  readonly type: string;
  readonly input: Json;
  readonly attempt: number;
  readonly attemptsMax: number;
  /** Every call for this job carries it; an old one is refused. */
  readonly fence: number;
  /** What the job was sent, by name. */
  readonly signals?: Readonly<Record<string, Json>>;
  /** Signals that it waited for in vain. */
  readonly signalsMissed?: readonly string[];
  readonly timeoutMs: number | null;
  readonly deadlineAt: string | null;
  /** The job is given to somebody else when no heartbeat comes before. */
  readonly leaseUntil: string | null;
  readonly tags: Tags;
  /** To be sent with whatever is called for the job (W3C Trace Context); left out where it belongs to no trace. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** A line of a job's log. */
export interface LogLineBody {
  /** Grows from line to line. */
  readonly offset: number;
  /** 0 for the line that stands for those left out. */
  readonly attempt: number;
  readonly at: string;
  readonly level: LogLevel;
  readonly line: string;
  readonly fields: Readonly<Record<string, Json>> | null;
}

export interface LogsBody {
  readonly lines: readonly LogLineBody[];
  /** Pass as `after` for what comes behind these lines. */
  readonly next: number;
  /** The job is final and these are its last lines. */
  readonly done: boolean;
}

/** A part of a result, as a job emitted it. */
export interface ChunkBody {
  /** Grows from chunk to chunk, also from run to run. */
  readonly offset: number;
  readonly attempt: number;
  /** Of the run that emitted it. Where it grows, output begins anew: drop what came before. */
  readonly fence: number;
  readonly at: string;
  readonly chunk: Json;
}

export interface OutputBody {
  readonly chunks: readonly ChunkBody[];
  /** Pass as `after` for what comes behind these chunks. */
  readonly next: number;
  /** The job is final and these are its last chunks. */
  readonly done: boolean;
}

/** A line as a worker says it. */
export interface WorkLogLine {
  readonly line: string;
  readonly level?: LogLevel;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly at?: string;
}

export interface HeartbeatBody {
  readonly cancelRequested: boolean;
  readonly leaseUntil: string;
}
