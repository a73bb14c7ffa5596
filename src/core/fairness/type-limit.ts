/**
 * How much of a type may run in all processes together. Decided at each claim from what the store has kept: how many run, and when how
 * many were started.
 *
 * In no stretch of `perMs` do more than `count` start, wherever it begins: what started within the last `perMs` counts whole, and is forgotten no earlier.
 * The time of a claim is never taken for less than that of the one before it, whatever the clock of its process says.
 */
import type { LimitBounds, Rate } from '../limit-spec.ts';

/** When how many were started, oldest first. */
export type Starts = readonly (readonly [at: number, count: number])[];

/** More become fewer, at the later of their times: with a `count` up to this they are exact. Bounds the row that keeps them. */
const MOMENTS_MAX = 64;

export interface TypeUse {
  readonly running: number;
  readonly starts: Starts;
}

/** How many more may start now. */
export function roomOfType({ concurrency, rate }: LimitBounds, { running, starts }: TypeUse, now: number): number {
  const byConcurrency = concurrency == null ? Number.POSITIVE_INFINITY : concurrency - running;
  const byRate = rate == null ? Number.POSITIVE_INFINITY : rate.count - countOf(recent(rate, starts, now));
  return Math.max(0, Math.min(byConcurrency, byRate));
}

/** Those that still count, with room for one moment more. */
export function startsKept(rate: Rate | null | undefined, starts: Starts, now: number): Starts {
  if (rate == null) return [];
  const kept = [...recent(rate, starts, now)];
  while (kept.length >= MOMENTS_MAX) kept.splice(closest(kept), 2, together(kept, closest(kept)));
  return kept;
}

/** The moment to write for starts of now. */
export function startedAt(starts: Starts, now: number): number {
  return Math.max(now, starts.at(-1)?.[0] ?? 0);
}

/** When the next one may start, for the sake of the rate; null where that is now. */
export function opensAt({ rate }: LimitBounds, starts: Starts, now: number): number | null {
  if (rate == null || roomOfType({ rate }, { running: 0, starts }, now) > 0) return null;
  const first = recent(rate, starts, now)[0];
  return first === undefined ? null : first[0] + rate.perMs;
}

function recent({ perMs }: Rate, starts: Starts, now: number): Starts {
  const at = startedAt(starts, now);
  return starts.filter(([moment]) => moment + perMs > at);
}

function countOf(starts: Starts): number {
  return starts.reduce((sum, [, count]) => sum + count, 0);
}

/** Where two neighbours are the least apart. */
function closest(starts: Starts): number {
  let best = 0;
  for (let index = 1; index + 1 < starts.length; index += 1)
    if (gapAt(starts, index) < gapAt(starts, best)) best = index;
  return best;
}

function gapAt(starts: Starts, index: number): number {
  return (starts[index + 1]?.[0] ?? 0) - (starts[index]?.[0] ?? 0);
}

function together(starts: Starts, index: number): readonly [at: number, count: number] {
  const [, early = 0] = starts[index] ?? [];
  const [at = 0, late = 0] = starts[index + 1] ?? [];
  return [at, early + late];
}
