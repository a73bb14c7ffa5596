/** The span of an attempt that runs here: begun before its handler is, ended when its outcome is stored or dropped. */
import type { Command } from '../../core/decide.ts';
import type { Job } from '../../core/job.ts';
import { openProcess } from '../../trace/job-spans.ts';
import type { OpenSpan, SpanEnd } from '../../trace/open-span.ts';

export function openAttemptSpan(job: Job): OpenSpan | null {
  const { id, type, tenant, attempt, fence, terms } = job;
  return openProcess({ id, type, tenant, attempt, fence, trace: terms?.trace ?? null });
}

/** @param command null where nothing is recorded: the job was lost. @param after the job as it is then, null where it could not be stored */
export function attemptSpanEnd(command: Command | null, after: Job | null): SpanEnd {
  const attributes = after === null ? {} : { 'bide.job.state': after.state };
  if (command === null) return { error: { type: 'LEASE_LOST' } };
  if (after === null) return { error: { type: 'OUTCOME_DROPPED' } };
  if (command.kind === 'fail') return { attributes, error: { type: command.failure.code } };
  if (command.kind === 'timeOut') return { attributes, error: { type: after.error?.code ?? 'ATTEMPT_TIMED_OUT' } };
  return { attributes };
}
