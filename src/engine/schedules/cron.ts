/**
 * When a schedule ticks: the arithmetic of cron by a library, behind one question.
 *
 * Wall-clock times are those of the schedule's zone. Where a clock is put forward, a fixed time that does not exist comes right after the gap;
 * where it is put back, one that exists twice comes the first time alone. Expressions with a `*` or a step go on through both, in real time.
 */
import { Cron } from 'croner';
import { BideError } from '../../core/errors.ts';
import { everyMsOf, nextInterval } from '../../core/schedules/intervals.ts';
import type { NextTick, ScheduleSpec } from '../../core/schedules/schedule.ts';
import { refuseZone } from './time-zones.ts';

export type TickSpec = Pick<ScheduleSpec, 'cron' | 'timeZone' | 'startAt' | 'endAt'>;

export const CRON_LENGTH_MAX = 200;
/** The end of year 9998: the library ends with 9999. */
const LAST = Date.UTC(9_998, 11, 31);

/**
 * @param anchor where intervals are counted from when there is no start
 * @throws SCHEDULE_CRON_INVALID or TIME_ZONE_UNKNOWN
 */
export function ticksOf({ cron, timeZone, startAt, endAt }: TickSpec, anchor: number): NextTick {
  refuseZone(timeZone);
  const next = nextOf(cron.trim(), timeZone, startAt ?? anchor);
  return (after) => {
    const tick = next(startAt === null ? after : Math.max(after, startAt - 1));
    return tick === null || (endAt !== null && tick >= endAt) ? null : tick;
  };
}

function nextOf(cron: string, timeZone: string, anchor: number): NextTick {
  if (cron.startsWith('@every')) {
    const everyMs = everyMsOf(cron);
    if (everyMs === null || everyMs === 0) {
      throw invalid('@every takes a time from 1s to 366d, such as @every 90s, @every 10m or @every 1h30m.');
    }
    return (after) => nextInterval(anchor, everyMs, after);
  }
  const compiled = compile(cron, timeZone);
  return (after) => (after >= LAST ? null : (compiled.nextRun(new Date(after))?.getTime() ?? null));
}

function compile(cron: string, timeZone: string): Cron {
  const fields = cron.split(/\s+/).length;
  // One text alone would be taken for a date.
  if (!cron.startsWith('@') && fields !== 5 && fields !== 6) {
    throw invalid(
      `It has ${cron === '' ? 'no' : fields} field${fields === 1 && cron !== '' ? '' : 's'}, and takes five, or six with seconds first.`,
    );
  }
  if (cron.length > CRON_LENGTH_MAX) throw invalid(`It may have at most ${CRON_LENGTH_MAX} characters.`);
  try {
    return new Cron(cron, { mode: '5-or-6-parts', timezone: timeZone, fixedTimeRule: 'no-wildcard', paused: true });
  } catch (error) {
    throw invalid(sentenceOf(error));
  }
}

/** What the library says, without the name of its part. */
function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `${text.replace(/^Cron\w+: /, '').replace(/\.$/, '')}.`;
}

function invalid(sentence: string): BideError {
  return new BideError('SCHEDULE_CRON_INVALID', sentence, { errors: [{ path: '/cron', message: sentence }] });
}
