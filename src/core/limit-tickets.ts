/**
 * Who of a key may start. A waiting job needs a ticket to be claimed; here is decided, from what the store sees of a key at one moment, who
 * gets one and who gives theirs back. Pure, so that both stores decide the same.
 *
 * - Running jobs and free tickets together are never more than `concurrency`: a claim turns a ticket into a running job and nothing else.
 * - A ticket may become a start at any time. So tickets that are free count like starts of this moment: free ones and those that started
 *   within `perMs` together are never more than `count`, and so no stretch of `perMs` has more starts, wherever it begins.
 * - What became of tickets is seen at the next look and counted as started then: later than it was, never earlier.
 * - Starts that lie ahead by more than clocks of processes may differ were counted before a clock was set back. They count from now on: a rate waits
 *   for its time once more, and not until the clock has caught up.
 * - Tickets that nobody takes (no worker has the type, or it is paused) go to jobs of other types after `STALE_MS`, and their type comes
 *   last for `SKIP_MS`.
 */
import type { Rate } from './limit-spec.ts';

/** Free tickets of a key: more than any claim takes at once. Bounds every look at a key without a concurrency. */
const TICKETS_MAX = 200;
/** Tickets given in one step; where there is room for more, the next step follows at once. */
const GIVE_MAX = 100;
/** Jobs of other types that one step looks at, beside those that it has room for. */
const PASS_ON_MAX = 16;
const STALE_MS = 3_000;
const SKIP_MS = 30_000;
/** How long a key with waiting jobs is left alone: whatever got lost is found after it. */
const LOOK_MS = 10_000;
/** Between two looks at what became of tickets, where a rate counts them: a 32nd of its time, within these. */
const OBSERVE_MS = { min: 50, max: 1_000, idle: 5_000 };
const AHEAD_MS_MAX = 5_000;
/** Starts are kept as this many moments at most; neighbours become one, at the later of their times. With a `count` up to this they are exact. */
const MOMENTS_MAX = 64;

export interface KeyBounds {
  readonly concurrency: number | null;
  readonly rate: Rate | null;
}

/** What a key remembers between two looks. As JSON in its row; most keys have little of it. */
export interface TicketState {
  readonly closedUntil?: number;
  /** When tickets became starts, and how many; oldest first. */
  readonly starts?: readonly (readonly [at: number, count: number])[];
  /** By type: free tickets after the last look, and since when none of them was taken. */
  readonly free?: Readonly<Record<string, readonly [count: number, since: number]>>;
  /** By type: comes last until then. */
  readonly skipped?: Readonly<Record<string, number>>;
}

export interface TicketHolder {
  readonly number: number;
  readonly type: string;
}

/** A key at one moment. */
export interface KeyView {
  readonly running: number;
  /** Jobs that wait with a ticket. `isDue` is false where one was put off since. */
  readonly free: readonly (TicketHolder & { readonly isDue: boolean })[];
  /** Due jobs without a ticket, best first, and of each type the best `ticketsWanted`. */
  readonly best: readonly TicketHolder[];
  /** Of those without a ticket that are not due: the earliest. */
  readonly nextRunAt: number | null;
  /** Whether any job of the key waits without a ticket, for whatever reason. */
  readonly isAwaited: boolean;
}

export interface TicketPlan {
  readonly give: readonly number[];
  readonly take: readonly number[];
  readonly state: TicketState;
  /** When to look again though nothing happens; null for never. */
  readonly lookAt: number | null;
  /** Nothing is known of the key that its next job would not bring. */
  readonly isIdle: boolean;
}

export const NO_TICKETS: TicketState = Object.freeze({});

/** How many of the best of each type a look needs. The PostgreSQL statement says the same. */
export function ticketsWanted(concurrency: number | null, running: number, free: number): number {
  const room = Math.max(0, (concurrency ?? Number.POSITIVE_INFINITY) - running - free);
  return Math.min(GIVE_MAX, room + Math.min(free, PASS_ON_MAX));
}

export function isClosed({ closedUntil = 0 }: TicketState, now: number): boolean {
  return closedUntil > now;
}

export function ticketPlan(bounds: KeyBounds, before: TicketState, view: KeyView, now: number): TicketPlan {
  const seen = observed(bounds, before, view, now);
  const given = isClosed(before, now)
    ? { give: [], take: view.free, skipped: seen.skipped, isShort: false }
    : shared(bounds, seen, view, now);
  const free = freeAfter(seen, view, given, now);
  const state = tidied({ ...before, starts: seen.starts, free, skipped: given.skipped }, now);
  const isIdle = !view.isAwaited && view.running === 0 && view.free.length === 0 && Object.keys(state).length === 0;
  const lookAt = isIdle ? null : nextLook({ bounds, state, view, isShort: given.isShort, now });
  return { give: numbersOf(given.give), take: numbersOf(given.take), state, lookAt, isIdle };
}

interface Observed {
  readonly starts: NonNullable<TicketState['starts']>;
  readonly skipped: NonNullable<TicketState['skipped']>;
  /** By type: since when none of its tickets was taken. */
  readonly since: ReadonlyMap<string, number>;
}

/** What became of the tickets that were free after the last look. */
function observed({ rate }: KeyBounds, before: TicketState, view: KeyView, now: number): Observed {
  const counts = countsOf(view.free);
  const skipped: Record<string, number> = {};
  for (const [type, until] of Object.entries(before.skipped ?? {})) skipped[type] = Math.min(until, now + SKIP_MS);
  const since = new Map<string, number>();
  let started = 0;
  for (const [type, [count, at]] of Object.entries(before.free ?? {})) {
    const taken = Math.max(0, count - (counts.get(type) ?? 0));
    started += taken;
    if (taken > 0) delete skipped[type];
    since.set(type, taken > 0 ? now : Math.min(at, now));
  }
  if (rate === null) return { starts: [], skipped, since };
  const past = (before.starts ?? []).map(([at, count]) => [at > now + AHEAD_MS_MAX ? now : at, count] as const);
  const starts = past.filter(([at]) => at + rate.perMs > now);
  return { starts: started === 0 ? starts : merged([...starts, [now, started]]), skipped, since };
}

/** Takes what is too much or in the wrong hands, and gives what there is room for. */
function shared(bounds: KeyBounds, { starts, skipped, since }: Observed, view: KeyView, now: number) {
  const late = view.free.filter(({ isDue }) => !isDue);
  const kept = view.free.filter(({ isDue }) => isDue);
  const room = roomOf(bounds, view.running, starts) - kept.length;
  const isLast = (type: string) =>
    (skipped[type] ?? 0) > now || (kept.some((one) => one.type === type) && now - (since.get(type) ?? now) >= STALE_MS);
  const first = view.best.filter(({ type }) => !isLast(type));
  const last = view.best.filter(({ type }) => isLast(type));
  const passable = kept.filter(({ type }) => isLast(type));
  const surplus = room < 0 ? [...kept.filter(({ type }) => !isLast(type)), ...passable].slice(room) : [];
  const free = Math.min(GIVE_MAX, Math.max(0, room));
  const passed = room < 0 ? [] : passable.slice(0, Math.max(0, Math.min(first.length - free, PASS_ON_MAX)));
  const give = [...first.slice(0, free + passed.length), ...last].slice(0, free + passed.length);
  const later = Object.fromEntries(passed.map(({ type }) => [type, Math.max(skipped[type] ?? 0, now + SKIP_MS)]));
  return {
    give,
    take: [...late, ...surplus, ...passed],
    skipped: { ...skipped, ...later },
    isShort: room > GIVE_MAX && give.length >= GIVE_MAX,
  };
}

function roomOf({ concurrency, rate }: KeyBounds, running: number, starts: Observed['starts']): number {
  const byConcurrency = concurrency === null ? TICKETS_MAX : concurrency - running;
  const byRate = rate === null ? TICKETS_MAX : rate.count - starts.reduce((sum, [, count]) => sum + count, 0);
  return Math.min(TICKETS_MAX, byConcurrency, byRate);
}

interface Given {
  readonly give: readonly TicketHolder[];
  readonly take: readonly TicketHolder[];
}

function freeAfter(
  { since }: Observed,
  view: KeyView,
  { give, take }: Given,
  now: number,
): Exclude<TicketState['free'], undefined> {
  const counts = countsOf(view.free);
  for (const { type } of take) counts.set(type, (counts.get(type) ?? 0) - 1);
  const given = countsOf(give);
  for (const [type, count] of given) counts.set(type, (counts.get(type) ?? 0) + count);
  const left = [...counts].filter(([, count]) => count > 0);
  return Object.fromEntries(left.map(([type, count]) => [type, [count, since.get(type) ?? now] as const]));
}

/** Without what says nothing. */
function tidied({ closedUntil = 0, starts = [], free = {}, skipped = {} }: TicketState, now: number): TicketState {
  const skips = Object.entries(skipped).filter(([, until]) => until > now);
  return {
    ...(closedUntil > now ? { closedUntil } : {}),
    ...(starts.length > 0 ? { starts } : {}),
    ...(Object.keys(free).length > 0 ? { free } : {}),
    ...(skips.length > 0 ? { skipped: Object.fromEntries(skips) } : {}),
  };
}

interface Looked {
  readonly bounds: KeyBounds;
  readonly state: TicketState;
  readonly view: KeyView;
  readonly isShort: boolean;
  readonly now: number;
}

function nextLook({ bounds: { rate }, state, view, isShort, now }: Looked): number | null {
  if (isShort) return now;
  const { closedUntil, starts = [], free = {} } = state;
  if (closedUntil !== undefined) return closedUntil;
  const looks: number[] = [];
  const since = Object.values(free).map(([, at]) => at);
  const count = Object.values(free).reduce((sum, [tickets]) => sum + tickets, 0);
  if (rate !== null && count > 0) looks.push(now + observeMs(rate, now - Math.max(...since)));
  if (rate !== null && starts[0] !== undefined) looks.push(starts[0][0] + rate.perMs);
  for (const until of Object.values(state.skipped ?? {})) looks.push(until);
  if (view.isAwaited) {
    looks.push(now + LOOK_MS, ...since.map((at) => Math.max(at + STALE_MS, now + STALE_MS / 3)));
    if (view.nextRunAt !== null) looks.push(view.nextRunAt);
    if (count >= TICKETS_MAX) looks.push(now + OBSERVE_MS.min);
  }
  return looks.length === 0 ? null : Math.min(...looks);
}

/** Less often the longer nobody took any. */
function observeMs({ perMs }: Rate, idleMs: number): number {
  const often = Math.min(OBSERVE_MS.max, Math.max(OBSERVE_MS.min, Math.round(perMs / 32)));
  return Math.min(OBSERVE_MS.idle, Math.max(often, Math.round(idleMs / 4)));
}

function merged(starts: Observed['starts']): Observed['starts'] {
  const all = [...starts];
  while (all.length > MOMENTS_MAX) {
    let at = 0;
    for (let index = 1; index + 1 < all.length; index += 1) if (gapAt(all, index) < gapAt(all, at)) at = index;
    const [early, late] = [all[at], all[at + 1]];
    if (early === undefined || late === undefined) break;
    all.splice(at, 2, [late[0], early[1] + late[1]]);
  }
  return all;
}

function gapAt(starts: Observed['starts'], index: number): number {
  return (starts[index + 1]?.[0] ?? 0) - (starts[index]?.[0] ?? 0);
}

function countsOf(holders: readonly TicketHolder[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of holders) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

function numbersOf(holders: readonly TicketHolder[]): readonly number[] {
  return holders.map(({ number }) => number);
}
