/** Whether an answer is what Bide says of jobs: gateways put pages of their own, with status 200 and even as JSON, in the place of an answer. */
import { ClientError } from './client-error.ts';
import type { Answer } from './transport.ts';
import type { JobBody, UnknownJob } from './wire.ts';

/** Throws a ClientError with code BAD_ANSWER for anything but a job. */
export function jobIn({ body, status }: Answer): JobBody {
  if (isJob(body)) return body;
  throw new ClientError('BAD_ANSWER', 'The server answered with something that is no job: is this Bide?', { status });
}

/** The same for the answer to a wait for `count` jobs. */
export function jobsIn({ body, status }: Answer, count: number): readonly (JobBody | UnknownJob)[] {
  const jobs: unknown = (body as { readonly jobs?: unknown } | null | undefined)?.jobs;
  if (Array.isArray(jobs) && jobs.length === count && jobs.every((job) => isJob(job) || isUnknown(job))) return jobs;
  throw new ClientError('BAD_ANSWER', 'The server answered with something that is no list of jobs: is this Bide?', {
    status,
  });
}

function isJob(value: unknown): value is JobBody {
  if (typeof value !== 'object' || value === null) return false;
  const { id, state, revision, finishedAt } = value as Partial<Record<keyof JobBody, unknown>>;
  const isTime = finishedAt === null || typeof finishedAt === 'string';
  return typeof id === 'string' && typeof state === 'string' && typeof revision === 'number' && isTime;
}

function isUnknown(value: unknown): value is UnknownJob {
  return typeof value === 'object' && value !== null && (value as UnknownJob).state === 'unknown';
}
