/** Tells of jobs' lives as telemetry: one event per change that this process made. */
import type { Job } from '../core/job.ts';
import { isFinal } from '../core/state.ts';
import { isSampled, traceIdOf } from '../core/trace-context.ts';
import type { Change, Changes } from './changes.ts';
import type { Telemetry, TelemetryEvent } from './telemetry.ts';

export function tellChanges(changes: Changes, telemetry: Telemetry): void {
  changes.listen((change) => {
    if (change.kind !== 'changed' || change.cause === 'learnt') return;
    const event = eventOf(change);
    if (event !== null) telemetry.emit(event);
  });
}

function eventOf({ job, cause }: Change): TelemetryEvent | null {
  const { id, type } = job;
  if (cause === 'submitted') return { kind: 'jobSubmitted', id, type, tenant: job.tenant };
  if (cause === 'claimed') return { kind: 'jobClaimed', id, type, waitedMs: waitedMs(job), traceId: traceOf(job) };
  if (cause === 'released') return { kind: 'jobReleased', id, type };
  if (cause === 'retryScheduled') return retried(job);
  return isFinal(job.state) ? finished(job) : null;
}

/** Null for the many that nobody can look up. */
function traceOf({ terms }: Job): string | null {
  const trace = terms?.trace;
  return trace !== undefined && isSampled(trace) ? traceIdOf(trace) : null;
}

function waitedMs(job: Job): number {
  return Math.max(0, (job.startedAt ?? 0) - Math.max(job.runAt, job.createdAt));
}

function retried(job: Job): TelemetryEvent {
  const failedAt = job.attempts.at(-1)?.endedAt ?? job.runAt;
  return {
    kind: 'jobRetried',
    id: job.id,
    type: job.type,
    code: job.error?.code ?? 'UNKNOWN',
    message: job.error?.message ?? '',
    attempt: job.attempt,
    delayMs: Math.max(0, job.runAt - failedAt),
  };
}

function finished(job: Job): TelemetryEvent | null {
  if (!isFinal(job.state) || job.finishedAt === null) return null;
  return {
    kind: 'jobFinished',
    id: job.id,
    type: job.type,
    state: job.state,
    code: job.error?.code ?? null,
    message: job.error?.message ?? null,
    attempt: job.attempt,
    runMs: job.startedAt === null ? null : job.finishedAt - job.startedAt,
    totalMs: job.finishedAt - job.createdAt,
    traceId: traceOf(job),
  };
}
