/** A job as a call: submitted, waited for, and its result given back. */
import type { Json } from '../core/job.ts';
import { ClientError } from './client-error.ts';
import type { JobResult } from './commanding.ts';
import type { JobRef } from './job-ref.ts';
import { type JobOptions, partedOptions, type SubmitOptions } from './submitting.ts';
import type { Waited, WaitOptions } from './waiting.ts';
import type { JobBody, SubmitBody } from './wire.ts';

export interface RunOptions extends Omit<JobOptions, 'waitMs' | 'timeoutMs'> {
  /** Longest wait for the job; without one until it is done. */
  readonly waitMs?: number | undefined;
  /** Longest time of one attempt. */
  readonly timeoutMs?: number | null;
}

/** The job has ended without a result: it failed, was cancelled or has expired. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
  /** Of the job's error. */
  readonly code: string;
  readonly job: JobBody;

  constructor(job: JobBody) {
    const { code = job.state.toUpperCase(), message = `it was ${job.state}` } = job.error ?? {};
    super(`Job ${job.id} of type ${job.type} is ${job.state}: ${message}`);
    this.code = code;
    this.job = job;
  }
}

export interface RunCalls {
  submit(job: SubmitBody, options?: SubmitOptions): Promise<JobBody>;
  wait(job: JobRef, options?: WaitOptions): Promise<Waited>;
  result(job: JobRef): Promise<JobResult>;
}

/**
 * Resolves with the result: JSON as its value, all else as bytes. Rejects with `JobFailed` where the job ends otherwise, and with a
 * ClientError TIMED_OUT where `waitMs` is over first; the job goes on then.
 */
export function running(calls: RunCalls) {
  return {
    async run(type: string, input?: Json, options: RunOptions = {}): Promise<unknown> {
      const { waitMs, ...others } = options;
      const { body, submit } = partedOptions(others);
      const submitted = await calls.submit({ ...body, type, ...(input === undefined ? {} : { input }) }, submit);
      const { isSatisfied, job } = await calls.wait(submitted, { timeoutMs: waitMs, signal: submit.signal });
      if (!isSatisfied) {
        const message = `Job ${job.id} of type ${type} is ${job.state} after ${waitMs} ms, and goes on.`;
        throw new ClientError('TIMED_OUT', message, { status: null, details: { job } });
      }
      return resultOf(calls, job);
    },
  };
}

export async function resultOf({ result }: Pick<RunCalls, 'result'>, job: JobBody): Promise<unknown> {
  if (job.state !== 'succeeded') throw new JobFailed(job);
  if (job.result !== null) return job.result;
  try {
    const { contentType, bytes, json } = await result(job);
    return isJson(contentType) ? json() : bytes;
  } catch (error) {
    // A job that succeeded without one.
    if (error instanceof ClientError && error.code === 'RESULT_NONE') return null;
    throw error;
  }
}

export function isJson(contentType: string): boolean {
  return /^application\/(?:[\w.+-]{1,100}\+)?json(?:;|$)/i.test(contentType.trim());
}
