/** Schedules as people read them. */
import type { ScheduleBody } from '../../client/index.ts';
import { printable } from './printable.ts';
import { tableLines } from './table.ts';

const WHOLE = Number.POSITIVE_INFINITY;

export function scheduleLines(schedules: readonly ScheduleBody[], columns: number): readonly string[] {
  return tableLines<ScheduleBody>(
    [
      { head: 'NAME', widthMax: WHOLE, text: ({ name }) => printable(name) },
      { head: 'CRON', widthMax: 30, text: ({ cron }) => printable(cron) },
      { head: 'ZONE', widthMax: 30, text: ({ timeZone }) => printable(timeZone) },
      { head: 'TYPE', widthMax: 30, text: ({ job }) => printable(job.type) },
      { head: 'NEXT', widthMax: WHOLE, text: nextText },
      { head: 'LAST', widthMax: WHOLE, text: ({ lastRun }) => lastRun?.tick ?? '-' },
    ],
    schedules,
    columns,
  );
}

function nextText({ paused, next }: ScheduleBody): string {
  if (paused) return 'paused';
  return next[0] ?? 'over';
}
