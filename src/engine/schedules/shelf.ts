/** Schedules as documents of their tenant, due at their next tick. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { NextTick, Schedule, ScheduleState } from '../../core/schedules/schedule.ts';
import type { Document, DocumentWrite } from '../../store/contract.ts';
import { ticksOf } from './cron.ts';
import type { NamedSchedule } from './schedules.ts';

export const SCHEDULE_KIND = 'schedule';
const NEXT_COUNT = 5;

export interface Placed {
  readonly tenant: string;
  readonly name: string;
}

export function placeOf({ tenant, name }: Placed) {
  return { tenant, kind: SCHEDULE_KIND, name };
}

export function scheduleIn(document: Document): Schedule {
  return document.data as unknown as Schedule;
}

export function writeOf(
  place: Placed,
  schedule: Schedule,
  { revision, now }: { readonly revision: number; readonly now: number },
): DocumentWrite & { readonly expectRevision: number } {
  const { pausedAt, next } = schedule.state;
  const data = schedule as unknown as Json;
  return { ...placeOf(place), data, expectRevision: revision, now, dueAt: pausedAt === null ? next : null };
}

/** Intervals without a start are counted from when the schedule was made. */
export function ticksIn(document: Pick<Document, 'data' | 'createdAt'>): NextTick {
  return ticksOf((document.data as unknown as Schedule).spec, document.createdAt);
}

export function namedOf(document: Document): NamedSchedule {
  const { tenant, name, revision, createdAt } = document;
  const schedule = scheduleIn(document);
  return { ...schedule, tenant, name, revision, createdAt, next: nextOnes(schedule.state, ticksIn(document)) };
}

function nextOnes({ pausedAt, next }: ScheduleState, nextTick: NextTick): readonly number[] {
  const ticks: number[] = [];
  let tick = pausedAt === null ? next : null;
  while (tick !== null && ticks.length < NEXT_COUNT) {
    ticks.push(tick);
    tick = nextTick(tick);
  }
  return ticks;
}

export function notFound(name: string): BideError {
  return new BideError('SCHEDULE_NOT_FOUND', undefined, { name: name.slice(0, 100) });
}
