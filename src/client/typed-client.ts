/**
 * The client of a config: its calls know the types of the config, what each is sent and what comes out.
 *
 * It is the plain client, seen through types: at run time there is no difference.
 */
import type { Client } from './client-calls.ts';
import type { CallOptions, JobResult } from './commanding.ts';
import type { EventsOptions } from './following.ts';
import type { JobRef } from './job-ref.ts';
import type { JobOf, JobShapes } from './job-types.ts';
import type { RunOptions } from './running.ts';
import type { JobOptions, SubmitOptions } from './submitting.ts';
import type { WaitOptions } from './waiting.ts';
import type { WaitManyOptions } from './waiting-many.ts';
import type { BulkItem, JobBody, SubmitBody, UnknownJob } from './wire.ts';

export type TypedClient<Jobs extends JobShapes> = Omit<Client, keyof TypedCalls<Jobs>> & TypedCalls<Jobs>;

/** A job by its id alone is of any type; with its `type`, of that one: a job as it came, or `{ id, type: 'greet' }`. */
export type JobOfRef<Jobs extends JobShapes, Ref extends JobRef> = Ref extends { readonly type: infer Name }
  ? Name extends keyof Jobs & string
    ? JobOf<Jobs, Name>
    : JobBody
  : JobBody;

/** What comes out of that job. */
export type ResultOfRef<Jobs extends JobShapes, Ref extends JobRef> = Ref extends { readonly type: infer Name }
  ? Name extends keyof Jobs & string
    ? Jobs[Name]['result']
    : unknown
  : unknown;

/** A job as it is submitted, of any of the types. */
export type TypedSubmit<Jobs extends JobShapes, Name extends keyof Jobs & string = keyof Jobs & string> = {
  readonly [Each in Name]: Omit<SubmitBody, 'type' | 'input'> & { readonly type: Each } & InputMember<
      Jobs[Each]['input']
    >;
}[Name];

/** May be left out where null would do, and where nothing is known of it. */
type InputMember<Input> = null extends Input ? { readonly input?: Input } : { readonly input: Input };

/** The input, and what may come behind it. */
export type InputAndOptions<Input, Options> = null extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

type NamesOf<Jobs extends JobShapes> = keyof Jobs & string;
type WaitedJob<Job> = { readonly isSatisfied: boolean; readonly job: Job };
type WaitedJobs<Jobs extends JobShapes, Refs extends readonly JobRef[]> = {
  readonly isSatisfied: boolean;
  readonly jobs: { readonly [At in keyof Refs]: JobOfRef<Jobs, Refs[At]> | UnknownJob };
};
type TypedResult<Result> = Omit<JobResult, 'json'> & { json(): Exclude<Result, Uint8Array> };
type TypedItem<Job> =
  | Exclude<BulkItem, { readonly error?: undefined }>
  | { readonly status: number; readonly job: Job; readonly error?: undefined };

export interface TypedCalls<Jobs extends JobShapes> {
  /** Stores one job and answers with it; with `waitMs`, with the finished job when it is done in time. */
  submit<Name extends NamesOf<Jobs>>(
    type: Name,
    ...rest: InputAndOptions<Jobs[Name]['input'], JobOptions>
  ): Promise<JobOf<Jobs, Name>>;
  submit<Name extends NamesOf<Jobs>>(job: TypedSubmit<Jobs, Name>, options?: SubmitOptions): Promise<JobOf<Jobs, Name>>;
  submitMany(
    jobs: readonly TypedSubmit<Jobs>[],
    options?: CallOptions,
  ): Promise<readonly TypedItem<JobOf<Jobs, NamesOf<Jobs>>>[]>;
  /** Submits, waits, and resolves with the result; `JobFailed` where there is none. */
  run<Name extends NamesOf<Jobs>>(
    type: Name,
    ...rest: InputAndOptions<Jobs[Name]['input'], RunOptions>
  ): Promise<Jobs[Name]['result']>;
  get<const Ref extends JobRef>(job: Ref, options?: CallOptions): Promise<JobOfRef<Jobs, Ref>>;
  wait<const Ref extends JobRef>(job: Ref, options?: WaitOptions): Promise<WaitedJob<JobOfRef<Jobs, Ref>>>;
  waitMany<const Refs extends readonly JobRef[]>(
    jobs: Refs,
    options?: WaitManyOptions,
  ): Promise<WaitedJobs<Jobs, Refs>>;
  watch<const Ref extends JobRef>(
    job: Ref,
    options?: CallOptions,
  ): AsyncGenerator<JobOfRef<Jobs, Ref>, void, undefined>;
  events<const Ref extends JobRef>(
    job: Ref,
    options?: EventsOptions,
  ): AsyncGenerator<JobOfRef<Jobs, Ref>, void, undefined>;
  result<const Ref extends JobRef>(job: Ref, options?: CallOptions): Promise<TypedResult<ResultOfRef<Jobs, Ref>>>;
}
