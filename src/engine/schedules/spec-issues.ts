/** What is wrong with a schedule before anybody asks for its ticks: each field against its limit. What its job may say is what a submit may. */
import type { Limits } from '../../core/limits.ts';
import {
  MISSED,
  OVERLAPS,
  SCHEDULED_FIELDS,
  SCHEDULED_UNIQUE,
  type ScheduleSpec,
} from '../../core/schedules/schedule.ts';
import type { Issue } from '../api.ts';
import { CRON_LENGTH_MAX } from './cron.ts';

/** Epoch ms that a Date can be. */
const TIME_MAX = 8.64e15;

export function specIssues(name: string, spec: ScheduleSpec, limits: Limits): readonly Issue[] {
  const issues: Issue[] = [];
  const add = (path: string, message: string) => issues.push({ path, message });
  const { scheduleNameLengthMax, scheduleBytesMax, delayMsMax, tagsMax } = limits;

  if (name.length < 1 || name.length > scheduleNameLengthMax)
    add('/name', `must have 1 to ${scheduleNameLengthMax} characters`);
  // Part of a path, of keys and of lines on a terminal.
  else if (/[\p{Cc}\p{Cs}/]/u.test(name)) add('/name', 'must have no control character and no slash');
  if (typeof spec.cron !== 'string' || spec.cron.length > CRON_LENGTH_MAX)
    add('/cron', `must be a text of at most ${CRON_LENGTH_MAX} characters`);
  if (typeof spec.timeZone !== 'string') add('/timeZone', 'must be a text');
  if (!Number.isSafeInteger(spec.jitterMs) || spec.jitterMs < 0 || spec.jitterMs > delayMsMax)
    add('/jitterMs', `must be a whole number from 0 to ${delayMsMax}`);
  if (!OVERLAPS.includes(spec.overlap)) add('/overlap', `must be one of ${OVERLAPS.join(', ')}`);
  if (!MISSED.includes(spec.missed)) add('/missed', `must be one of ${MISSED.join(', ')}`);
  for (const field of ['startAt', 'endAt'] as const) {
    const time = spec[field];
    if (time !== null && !(Number.isSafeInteger(time) && Math.abs(time) <= TIME_MAX))
      add(`/${field}`, 'must be a point in time, or null');
  }
  for (const field of Object.keys(spec.job)) {
    if (!(SCHEDULED_FIELDS as readonly string[]).includes(field))
      add(`/job/${field}`, `must not be there: the job of a schedule has ${SCHEDULED_FIELDS.join(', ')}`);
  }
  const { unique } = spec.job as { readonly unique?: { readonly mode?: unknown } | null };
  if (unique != null && !(SCHEDULED_UNIQUE as readonly unknown[]).includes(unique.mode))
    add(
      '/job/unique/mode',
      `must be ${SCHEDULED_UNIQUE.join(' or ')}: each tick brings the same job at its own time, so there is nothing to replace or to move`,
    );
  if (Object.keys(spec.job.tags ?? {}).length >= tagsMax)
    add('/job/tags', `must have at most ${tagsMax - 1} tags: one more names the schedule`);
  const bytes = Buffer.byteLength(jsonOf(spec));
  if (bytes > scheduleBytesMax)
    add(
      '/job/input',
      `is too large: the schedule has ${bytes} bytes as JSON, and scheduleBytesMax is ${scheduleBytesMax}`,
    );
  return issues;
}

function jsonOf(spec: ScheduleSpec): string {
  try {
    return JSON.stringify(spec);
  } catch {
    return '';
  }
}
