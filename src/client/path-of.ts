/** The path of a job, or of something below it. Ids come from outside: they are escaped, so that none reaches another route. */
import { idOf, type JobRef } from './job-ref.ts';

export function pathOf(
  job: JobRef,
  below?:
    | 'result'
    | 'input'
    | 'events'
    | 'logs'
    | 'output'
    | 'attempts'
    | 'parents'
    | 'children'
    | 'cancel'
    | 'retry'
    | 'resubmit'
    | 'signals'
    | 'token',
  name?: string,
): string {
  const parts = [idOf(job), ...(below === undefined ? [] : [below]), ...(name === undefined ? [] : [name])];
  return `/v1/jobs/${parts.map(encodeURIComponent).join('/')}`;
}
