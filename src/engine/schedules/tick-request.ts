/** The submit of a tick: the job of the schedule, due at the tick or a little after it, found by the tag and the key of its schedule. */
import { jitterOf } from '../../core/schedules/decide-ticks.ts';
import { SCHEDULE_TAG, type ScheduleSpec } from '../../core/schedules/schedule.ts';
import type { SubmitRequest } from '../api.ts';
import type { Placed } from './shelf.ts';

/** @param tick null: outside of its ticks, at `now` */
export function tickRequest(
  { tenant, name }: Placed,
  { job, jitterMs, overlap }: Pick<ScheduleSpec, 'job' | 'jitterMs' | 'overlap'>,
  { tick, now }: { readonly tick: number | null; readonly now: number },
): SubmitRequest {
  const request = job as Partial<SubmitRequest> & { readonly type: string };
  return {
    ...request,
    tenant,
    tags: { ...request.tags, [SCHEDULE_TAG]: name },
    // A second guard: the tick and its job are written in one transaction.
    idempotencyKey: tick === null ? null : `${SCHEDULE_TAG}:${name}:${new Date(tick).toISOString()}`,
    runAt: tick === null ? null : tick + jitterOf(name, tick, jitterMs),
    // One waits behind the other.
    sequenceKey: request.sequenceKey ?? (overlap === 'queue' ? `${SCHEDULE_TAG}:${name}` : null),
    schedule: { name, tick: tick ?? now },
    // Each run is a trace of its own, whoever made the schedule or asked for the run.
    trace: null,
  };
}
