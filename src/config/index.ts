/**
 * `bide/config`: everything that a `bide.config.ts` is written with, and nothing of the server. Handler threads import the config,
 * too, and load 0.1 s of modules this way instead of a second's worth (measured on two busy cores).
 */

export { RetryLater } from '../core/retry-later.ts';
export type { ParentJob } from '../engine/api.ts';
export type { CommandOptions } from '../handlers/command/options.ts';
export type { FunctionHandler, JobContext } from '../handlers/function/job-context.ts';
export type { SignalOptions, WaitForSignal } from '../handlers/function/job-signals.ts';
export { PermanentError, type PermanentErrorOptions } from '../handlers/function/permanent-error.ts';
export type { HttpOptions } from '../handlers/http/options.ts';
export type { DataFormat, DataSet, SqlOptions } from '../handlers/sql/options.ts';
export * from './define-config.ts';
