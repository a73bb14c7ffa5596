/** The public face of the client: what `import … from 'bide/client'` finds. */
export type { KeyDraft, StatsOptions } from './administering.ts';
export type { AuditOptions } from './auditing.ts';
export type { BulkAction, BulkOptions } from './bulk.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export { ClientError } from './client-error.ts';
export type { CallOptions, CancelOptions, JobResult, OpenResult } from './commanding.ts';
export type { EventsOptions } from './following.ts';
export type { JobFilter, ListOptions, ListSort } from './listing.ts';
export type { FollowLogsOptions, FollowOutputOptions, LogsOptions, OutputOptions } from './logging.ts';
export { runWorker, WorkError } from './run-worker.ts';
export type { SubmitOptions } from './submitting.ts';
export { isFinished, type Waited, type WaitOptions } from './waiting.ts';
export type { WaitedMany, WaitManyOptions } from './waiting-many.ts';
export type * from './wire.ts';
export type * from './wire-audit.ts';
export type { RunWorkerOptions, WorkContext, WorkLog } from './worker-options.ts';
export type { BytesResult, ClaimOptions, FailOptions, HeartbeatOptions, WorkFailure, WorkRef } from './working.ts';
