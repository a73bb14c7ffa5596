/** All that one may ask a Bide server, call by call. */
import type { Json } from '../core/job.ts';
import type { KeyDraft, StatsOptions } from './administering.ts';
import type { AuditOptions } from './auditing.ts';
import type { BulkAction, BulkOptions } from './bulk.ts';
import type { Amendment, AmendOptions, ResubmitOptions } from './changing.ts';
import type { CallOptions, CancelOptions, JobResult, OpenResult, TokenOptions } from './commanding.ts';
import type { FeedChange, FeedGap, FeedOptions, FeedPageOptions } from './feed.ts';
import type { EventsOptions } from './following.ts';
import type { Groups } from './groups.ts';
import type { JobRef } from './job-ref.ts';
import type { KeyLimits } from './limits.ts';
import type { JobFilter, ListOptions, ListPage, ListPageOptions } from './listing.ts';
import type { FollowLogsOptions, FollowOutputOptions, LogsOptions, OutputOptions } from './logging.ts';
import type { ChildrenOptions } from './relations.ts';
import type { RunOptions } from './running.ts';
import type { Schedules } from './schedules.ts';
import type { JobOptions, SubmitOptions } from './submitting.ts';
import type { Waited, WaitOptions } from './waiting.ts';
import type { WaitedMany, WaitManyOptions } from './waiting-many.ts';
import type { Webhooks } from './webhooks.ts';
import type {
  AttemptBody,
  BulkItem,
  ChunkBody,
  CountsBody,
  EstimateBody,
  JobBody,
  JobTokenBody,
  KeyBody,
  LogLineBody,
  LogsBody,
  NewKeyBody,
  OutputBody,
  StatsBody,
  SubmitBody,
  TypeBody,
  UnknownJob,
  WorkerBody,
} from './wire.ts';
import type { DeedBody } from './wire-audit.ts';
import type { FeedBody } from './wire-feed.ts';
import type { working } from './working.ts';

export interface Client {
  /** Stores one job and answers with it; with `waitMs`, with the finished job when it is done in time. */
  submit(type: string, input?: Json, options?: JobOptions): Promise<JobBody>;
  submit(job: SubmitBody, options?: SubmitOptions): Promise<JobBody>;
  submitMany(jobs: readonly SubmitBody[], options?: CallOptions): Promise<readonly BulkItem[]>;
  /** Submits a job, waits for it, and resolves with its result: JSON as its value, all else as bytes. `JobFailed` where there is none. */
  run(type: string, input?: Json, options?: RunOptions): Promise<unknown>;
  get(job: JobRef, options?: CallOptions): Promise<JobBody>;
  /** Waits until the job is final, as long as it takes or until `timeoutMs`. */
  wait(job: JobRef, options?: WaitOptions): Promise<Waited>;
  waitMany(jobs: readonly JobRef[], options?: WaitManyOptions): Promise<WaitedMany>;
  /** The job now, then after every change, until it is final. */
  watch(job: JobRef, options?: CallOptions): AsyncGenerator<JobBody, void, undefined>;
  /** As `watch`, by one stream that the server writes to, resumed where it breaks. */
  events(job: JobRef, options?: EventsOptions): AsyncGenerator<JobBody, void, undefined>;
  /**
   * Every change of all jobs that fit, from now on or behind a cursor, without end: resumed where it breaks. Where the server has kept
   * changes no more, a `gap` comes in their place.
   */
  feed(options?: FeedOptions): AsyncGenerator<FeedChange | FeedGap, void, undefined>;
  /** The same page by page: what there is behind a cursor. */
  feedPage(options?: FeedPageOptions): Promise<FeedBody>;
  /** What was submitted, with what the schema of its type filled in. */
  input(job: JobRef, options?: CallOptions): Promise<Json>;
  openInput(job: JobRef, options?: CallOptions): Promise<OpenResult>;
  /** Who tried the job, from when to when, and how each attempt ended; the latest last. */
  attempts(job: JobRef, options?: CallOptions): Promise<readonly AttemptBody[]>;
  /** The jobs that it comes after, with their results; one that was removed is `unknown`. */
  parents(job: JobRef, options?: CallOptions): Promise<readonly (JobBody | UnknownJob)[]>;
  /** The jobs that come after it. */
  children(job: JobRef, options?: ChildrenOptions): AsyncGenerator<JobBody, void, undefined>;
  /** What the job has said. */
  logs(job: JobRef, options?: LogsOptions): Promise<LogsBody>;
  /** As `logs`, line by line, those to come included, until the job is over. */
  followLogs(job: JobRef, options?: FollowLogsOptions): AsyncGenerator<LogLineBody, void, undefined>;
  /** What the job has emitted: parts of its result, before it ends. */
  output(job: JobRef, options?: OutputOptions): Promise<OutputBody>;
  /** As `output`, chunk by chunk, those to come included, until the job is over. */
  followOutput(job: JobRef, options?: FollowOutputOptions): AsyncGenerator<ChunkBody, void, undefined>;
  result(job: JobRef, options?: CallOptions): Promise<JobResult>;
  openResult(job: JobRef, options?: CallOptions): Promise<OpenResult>;
  /** All jobs that fit, newest first. */
  list(options?: ListOptions): AsyncGenerator<JobBody, void, undefined>;
  /** One page of them, and the cursor of the next. */
  listPage(options?: ListPageOptions): Promise<ListPage>;
  /** Cancels, retries or removes all jobs that fit, by a job of its own: `wait` waits for it, its result says how many. */
  bulk(action: BulkAction, filter: JobFilter, options?: BulkOptions): Promise<JobBody>;
  /** How many jobs that would change. */
  bulkCount(action: BulkAction, filter: JobFilter, options?: CallOptions): Promise<EstimateBody>;
  /** A token with which a page, which must not have a key, may read this one job, wait for it and follow it. */
  token(job: JobRef, options?: TokenOptions): Promise<JobTokenBody>;
  cancel(job: JobRef, options?: CancelOptions): Promise<JobBody>;
  retry(job: JobRef, options?: CallOptions): Promise<JobBody>;
  /** Tells a job something that it waits for, or will: an approval, an answer. */
  signal(job: JobRef, name: string, value?: Json, options?: CallOptions): Promise<JobBody>;
  /** Submits a copy of the job, as it was or with changes. */
  resubmit(job: JobRef, changes?: Partial<Omit<SubmitBody, 'type'>>, options?: ResubmitOptions): Promise<JobBody>;
  /** Changes a job that waits. */
  amend(job: JobRef, changes: Amendment, options?: AmendOptions): Promise<JobBody>;
  remove(job: JobRef, options?: CallOptions): Promise<void>;
  types(options?: CallOptions): Promise<readonly TypeBody[]>;
  type(name: string, options?: CallOptions): Promise<TypeBody>;
  /** Jobs of the type that run go on, submits are taken, nothing is started, for no tenant. Nothing happens where it is paused already. */
  pauseType(name: string, options?: CallOptions): Promise<TypeBody>;
  resumeType(name: string, options?: CallOptions): Promise<TypeBody>;
  /** How many jobs there are now, per type and state; cheap however many. */
  counts(options?: CallOptions & { readonly types?: readonly string[] | undefined }): Promise<CountsBody>;
  /** What operators have done, newest first. */
  audit(options?: AuditOptions): AsyncGenerator<DeedBody, void, undefined>;
  /** What happened to jobs, by the minute; kept for a week. */
  stats(options?: StatsOptions): Promise<StatsBody>;
  /** The processes and remote workers that are alive. */
  workers(options?: CallOptions): Promise<readonly WorkerBody[]>;
  readonly keys: {
    create(draft: KeyDraft, options?: CallOptions): Promise<NewKeyBody>;
    list(options?: CallOptions & { readonly tenant?: string | undefined }): Promise<readonly KeyBody[]>;
    revoke(id: string, options?: CallOptions): Promise<void>;
  };
  readonly schedules: Schedules;
  /** Jobs that are looked at as one. */
  readonly groups: Groups;
  readonly limits: KeyLimits;
  readonly webhooks: Webhooks;
  /** For workers; `runWorker` is the loop around them. */
  readonly work: ReturnType<typeof working>;
}
