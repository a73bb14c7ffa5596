/** The public face of the client: what `import … from 'bide/client'` finds. */

export { RetryLater } from '../core/retry-later.ts';
export type { KeyDraft, StatsOptions } from './administering.ts';
export type { AuditOptions } from './auditing.ts';
export type { BulkAction, BulkOptions } from './bulk.ts';
export type { Amendment, AmendOptions, ResubmitOptions } from './changing.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export { ClientError } from './client-error.ts';
export type { CallOptions, CancelOptions, JobResult, OpenResult, TokenOptions } from './commanding.ts';
export type { FeedChange, FeedGap, FeedOptions, FeedPageOptions } from './feed.ts';
export type { EventsOptions } from './following.ts';
export type { GroupCreateOptions, GroupJobsOptions, GroupMembers, Groups, GroupWaited } from './groups.ts';
export type { JobRef } from './job-ref.ts';
export type { AsJson, JobOf, JobShape, JobShapes, JobsOf } from './job-types.ts';
export type { CloseOptions, KeyLimits, LimitsPageOptions } from './limits.ts';
export type { JobFilter, ListOptions, ListPage, ListPageOptions, ListSort } from './listing.ts';
export type { FollowLogsOptions, FollowOutputOptions, LogsOptions, OutputOptions } from './logging.ts';
export type { OperatingClient } from './operating.ts';
export type { ChildrenOptions } from './relations.ts';
export { runWorker, WorkError } from './run-worker.ts';
export { JobFailed, type RunOptions } from './running.ts';
export type { Schedules } from './schedules.ts';
export type { JobOptions, SubmitOptions } from './submitting.ts';
export type { JobOfRef, ResultOfRef, TypedCalls, TypedClient, TypedSubmit } from './typed-client.ts';
export { type VerifyOptions, verifyWebhook, type WebhookHeaders, WebhookVerificationError } from './verify-webhook.ts';
export { isFinished, type Waited, type WaitOptions } from './waiting.ts';
export type { WaitedMany, WaitManyOptions } from './waiting-many.ts';
export type { DeliveriesOptions, RotateOptions, Webhooks } from './webhooks.ts';
export type * from './wire.ts';
export type * from './wire-audit.ts';
export type * from './wire-callback.ts';
export type * from './wire-feed.ts';
export type * from './wire-groups.ts';
export type * from './wire-limits.ts';
export type * from './wire-schedules.ts';
export type * from './wire-webhooks.ts';
export type { RunWorkerOptions, WorkContext, WorkLog } from './worker-options.ts';
export type {
  BytesResult,
  ClaimOptions,
  FailOptions,
  HeartbeatOptions,
  ParkReason,
  WorkFailure,
  WorkRef,
} from './working.ts';
