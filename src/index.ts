/** What `import … from 'bide'` gives: the library, and everything that a `bide.config.ts` is written with. */
import './require-node.ts';

export {
  type Bide,
  type Caller,
  type OpenOptions,
  openBide,
  type RoutesOptions,
  type RunOptions,
  type SubmitOptions,
  type WaitOptions,
} from './app/library.ts';
export type { JobRef } from './client/job-ref.ts';
export type { AsJson, JobOf, JobShapes, JobsOf } from './client/job-types.ts';
export { JobFailed } from './client/running.ts';
export type { JobBody } from './client/wire.ts';
export * from './config/index.ts';
export { typebox } from './config/typebox-schema.ts';
export { BideError, type ErrorCode } from './core/errors.ts';
export type { Job, Json, RetryPolicy, Tags } from './core/job.ts';
