/** Schedules as the native API says them, and a PUT as the engine takes it. */
import { MISSED, OVERLAPS, type ScheduledJob, type ScheduleSpec } from '../../core/schedules/schedule.ts';
import type { NamedSchedule } from '../../engine/api.ts';
import { requireTime } from './mapping.ts';
import { isoTime, isoTimeOrNull } from './status.ts';
import type { PutScheduleBody } from './wire.ts';

export function specOf(body: PutScheduleBody): ScheduleSpec {
  const { cron, timeZone = 'UTC', jitterMs = 0, overlap = OVERLAPS[0], missed = MISSED[1], startAt, endAt, job } = body;
  return {
    ...{ cron, timeZone, jitterMs, overlap, missed },
    startAt: startAt == null ? null : requireTime(startAt, '/startAt'),
    endAt: endAt == null ? null : requireTime(endAt, '/endAt'),
    job: job as ScheduledJob,
  };
}

export function scheduleBody({ name, spec, state, source, createdAt, updatedAt, next }: NamedSchedule): object {
  const { cron, timeZone, jitterMs, overlap, missed, startAt, endAt, job } = spec;
  const { pausedAt, lastRun, lastSkip } = state;
  return {
    ...{ name, cron, timeZone, jitterMs, overlap, missed },
    ...{ startAt: isoTimeOrNull(startAt), endAt: isoTimeOrNull(endAt), job, source },
    ...{ paused: pausedAt !== null, pausedAt: isoTimeOrNull(pausedAt) },
    ...{ createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt), next: next.map(isoTime) },
    lastRun: lastRun === null ? null : { ...lastRun, tick: isoTime(lastRun.tick) },
    lastSkip: lastSkip === null ? null : { ...lastSkip, tick: isoTime(lastSkip.tick) },
  };
}
