/** What a library offers, as types. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { JobRef } from '../client/job-ref.ts';
import type { JobOf, JobShapes } from '../client/job-types.ts';
import type { LogsOptions, OutputOptions } from '../client/logging.ts';
import type { InputAndOptions, JobOfRef } from '../client/typed-client.ts';
import type { JobBody, LogsBody, OutputBody } from '../client/wire.ts';
import type { BideError } from '../core/errors.ts';
import type { Json } from '../core/job.ts';
import type { Scope } from '../core/scopes.ts';
import type { ResultContent, RunningEngine, SubmitRequest } from '../engine/index.ts';
import type { LibraryGroups } from './library-groups.ts';
import type { LibraryLimits } from './library-limits.ts';
import type { LibrarySchedules } from './library-schedules.ts';

export type SubmitOptions = Partial<Omit<SubmitRequest, 'tenant' | 'type' | 'input' | 'origin'>>;

export interface RunOptions extends SubmitOptions {
  /** Longest wait for the job; without end unless told. The job goes on when it is over. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  /** Without end unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RoutesOptions {
  /** Who calls, where this program knows better than Bide's API keys do; null is answered with 401. */
  readonly identify?: (request: FastifyRequest) => Caller | null | Promise<Caller | null>;
}

export interface Caller {
  readonly tenant: string;
  /** `submit`, `read`, `work` and `priority` unless told. */
  readonly scopes?: readonly Scope[];
}

/**
 * Jobs are given as the HTTP API gives them. An id that there is no job for throws JOB_NOT_FOUND or JOB_GONE.
 *
 * @typeParam Jobs of each type, by name, what it is sent and what comes out: `JobsOf<typeof config>`
 */
export interface Bide<Jobs extends JobShapes> {
  /** Resolves when the job is on disk. TYPE_UNKNOWN, INPUT_INVALID, INVALID_REQUEST, IDEMPOTENCY_MISMATCH, PARENT_UNKNOWN or QUOTA_EXCEEDED otherwise. */
  submit<Name extends keyof Jobs & string>(
    type: Name,
    ...rest: InputAndOptions<Jobs[Name]['input'], SubmitOptions>
  ): Promise<JobOf<Jobs, Name>>;
  /** Submits, waits, and resolves with the result: JSON as its value, all else as bytes. `JobFailed` where there is none. */
  run<Name extends keyof Jobs & string>(
    type: Name,
    ...rest: InputAndOptions<Jobs[Name]['input'], RunOptions>
  ): Promise<Jobs[Name]['result']>;
  get<const Ref extends JobRef>(job: Ref): Promise<JobOfRef<Jobs, Ref>>;
  /** The job once it is final, or as it is when the time is over. */
  wait<const Ref extends JobRef>(job: Ref, options?: WaitOptions): Promise<JobOfRef<Jobs, Ref>>;
  /** Null while there is none. */
  result(job: JobRef): Promise<ResultContent | null>;
  /** What the job has said, a page of it. */
  logs(job: JobRef, options?: LogsOptions): Promise<LogsBody>;
  /** What the job has emitted. */
  output(job: JobRef, options?: OutputOptions): Promise<OutputBody>;
  /** WRONG_STATE when the job is final already. */
  cancel(job: JobRef): Promise<JobBody>;
  retry(job: JobRef): Promise<JobBody>;
  /** Tells the job something that it waits for, or will. WRONG_STATE when it is final, SIGNALS_FULL or INVALID_REQUEST otherwise. */
  signal(job: JobRef, name: string, value?: Json): Promise<JobBody>;
  remove(job: JobRef): Promise<JobBody>;
  /** Limits that jobs share by a key. */
  readonly limits: LibraryLimits;
  /** Jobs that are looked at as one. */
  readonly groups: LibraryGroups;
  /** Jobs that are submitted again and again. */
  readonly schedules: LibrarySchedules;
  /** The native API as a Fastify plugin, under any prefix. */
  readonly routes: (app: FastifyInstance, options: RoutesOptions) => Promise<void>;
  readonly engine: RunningEngine;
  /** Resolves when the disk did not confirm a write to the data folder: every call is refused from then on, and the process should end. */
  readonly unsafe?: Promise<BideError>;
  /** Lets running jobs finish, gives back what does not, and closes the store. */
  close(): Promise<void>;
}

export type Calls<Jobs extends JobShapes> = Omit<Bide<Jobs>, 'routes' | 'engine' | 'unsafe' | 'close'>;
