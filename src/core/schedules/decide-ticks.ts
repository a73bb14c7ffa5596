/**
 * Which ticks of a schedule get a job now. Pure: the same schedule and time give the same answer in every process.
 *
 * - A tick that is up to `scheduleLateMsMax` late is late, and runs. Where the first undecided one is later than that, nobody was there for it and
 *   what `missed` says holds for all up to now: none, the last one, or the newest `scheduleMissedMax`.
 * - Ticks are decided on in portions, so that no transaction grows with the length of a stop.
 * - A clock that goes back decides nothing anew: the cursor stays. One that goes forward is a stop like any other.
 */
import type { Limits } from '../limits.ts';
import type { NextTick, Schedule, ScheduleState, SkipReason } from './schedule.ts';

export type TickLimits = Pick<Limits, 'scheduleLateMsMax' | 'scheduleMissedMax'>;

/** Jobs of one transaction. */
export const PORTION = 20;
/** Of a schedule: of more the older ones are final, or it allows overlap. */
const RECENT_MAX = 2;

export interface Due {
  /** Ticks to be run, oldest first. */
  readonly ticks: readonly number[];
  /** Every tick up to here is decided on with these. */
  readonly cursor: number;
  readonly catchUpUntil: number | null;
  /** The last tick that is passed over because nobody was there for it. */
  readonly missed: number | null;
}

/** @returns null when nothing is due */
export function dueTicks(
  { spec, state }: Pick<Schedule, 'spec' | 'state'>,
  nextTick: NextTick,
  now: number,
  limits: TickLimits,
): Due | null {
  const { next, cursor, catchUpUntil } = state;
  if (state.pausedAt !== null || next === null || next > now) return null;
  if (catchUpUntil !== null && next <= catchUpUntil) return portion(nextTick, cursor, catchUpUntil);
  if (now - next <= limits.scheduleLateMsMax) return portion(nextTick, cursor, now);
  if (spec.missed === 'skip') {
    return { ticks: [], cursor: now, catchUpUntil: null, missed: lastTick(nextTick, next, now) };
  }
  const from = newestFrom(nextTick, next, now, spec.missed === 'last' ? 1 : limits.scheduleMissedMax);
  const missed = from === next ? null : lastTick(nextTick, next, from - 1);
  return { ...portion(nextTick, from - 1, now), missed };
}

/** The first ticks behind `cursor` and up to `until`. */
function portion(nextTick: NextTick, cursor: number, until: number): Due {
  const ticks: number[] = [];
  let tick = nextTick(cursor);
  while (tick !== null && tick <= until && ticks.length < PORTION) {
    ticks.push(tick);
    tick = nextTick(tick);
  }
  const isAll = tick === null || tick > until;
  const last = ticks.at(-1) ?? until;
  return { ticks, cursor: isAll ? until : last, catchUpUntil: isAll ? null : until, missed: null };
}

/** Where the newest `count` ticks up to `now` begin. @param first a tick, not after `now` */
function newestFrom(nextTick: NextTick, first: number, now: number, count: number): number {
  let from = lastTick(nextTick, first, now);
  for (let seen = 1; seen < count && from > first; seen += 1) from = lastTick(nextTick, first, from - 1);
  return from;
}

/**
 * The last tick up to `now`, by halves: some 40 questions for a year, where going from tick to tick would be 31 million of a schedule for each
 * second. @param first a tick, not after `now`
 */
function lastTick(nextTick: NextTick, first: number, now: number): number {
  let low = first - 1;
  let high = now;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((nextTick(middle) ?? Number.POSITIVE_INFINITY) <= now) low = middle;
    else high = middle;
  }
  return nextTick(low) ?? first;
}

/** Whether a tick may have a job, with so many of earlier ticks unfinished. */
export function isFree(overlap: Schedule['spec']['overlap'], unfinished: number): boolean {
  return overlap === 'allow' || unfinished < (overlap === 'skip' ? 1 : 2);
}

export interface Ran {
  readonly tick: number;
  readonly jobId: string;
}

export interface Skipped {
  readonly tick: number;
  readonly reason: SkipReason;
  readonly message: string;
}

/** The state after these ticks. @param unfinished of `state.recent`, those that are */
export function stateAfter(
  state: ScheduleState,
  due: Pick<Due, 'cursor' | 'catchUpUntil'>,
  {
    next,
    unfinished,
    ran,
    skipped,
  }: {
    readonly next: number | null;
    readonly unfinished: readonly string[];
    readonly ran: readonly Ran[];
    readonly skipped: Skipped | null;
  },
): ScheduleState {
  return {
    ...state,
    cursor: Math.max(state.cursor, due.cursor),
    catchUpUntil: due.catchUpUntil,
    next,
    recent: [...unfinished, ...ran.map(({ jobId }) => jobId)].slice(-RECENT_MAX),
    lastRun: ran.at(-1) ?? state.lastRun,
    lastSkip: skipped ?? state.lastSkip,
  };
}

/** In [0, jitterMs], from the name and the tick alone (FNV-1a): all processes agree, and a repeat finds the same. */
export function jitterOf(name: string, tick: number, jitterMs: number): number {
  if (jitterMs === 0) return 0;
  let hash = 0x811c9dc5;
  for (const character of `${name}:${tick}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  // FNV mixes its last characters little: ticks a second apart differ in one digit.
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  hash ^= hash >>> 16;
  return (hash >>> 0) % (jitterMs + 1);
}
