/** The job of a line, as a member of its batch's group. */
import type { Job } from '../../core/job.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import type { MemberRequest } from '../api.ts';
import type { BatchRef } from './batch-shelf.ts';

/** How long a job is kept beyond the time of its batch, for the files of output to be written. */
const SLACK_MS = 86_400_000;

interface Lines {
  readonly ref: BatchRef;
  readonly batch: { readonly windowMs: number; readonly trace: TraceContext | null };
}

/**
 * To submit it twice submits it once: nothing here depends on when it is submitted, which would make the second another request. So the deadline
 * of a line that had to wait for room is later than the batch's, which then cancels it.
 */
export function memberOf({ ref, batch }: Lines, request: MemberRequest, line: number): MemberRequest {
  const { windowMs, trace } = batch;
  const retainMs = windowMs + SLACK_MS;
  return { ...request, idempotencyKey: keyOf(ref, line), deadlineMs: windowMs, retainMs, trace };
}

function keyOf({ id }: BatchRef, line: number): string {
  return `file-batch:${id}:${line}`;
}

/** The line that a job of a batch is for. */
export function lineOf({ idempotencyKey }: Pick<Job, 'idempotencyKey'>): number {
  return Number(idempotencyKey?.split(':')[2] ?? Number.NaN);
}
