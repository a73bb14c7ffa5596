/** Limits per key: settlements that read, decide and write where nothing came in between. How they fit together: `limit-statements.ts`. */

import type { Job } from '../../core/job.ts';
import { type KeyView, NO_TICKETS, type TicketPlan, type TicketState, ticketPlan } from '../../core/limit-tickets.ts';
import { isFinal } from '../../core/state.ts';
import type {
  AmendOutcome,
  ApplyOutcome,
  BlockedJob,
  GuardedPatch,
  InsertOutcome,
  LimitOutcome,
  LimitRecord,
  LimitRef,
  LimitRow,
  LimitsSettled,
  LimitWrite,
  NewJob,
  StoreRecord,
} from '../contract.ts';
import {
  blockedJobOf,
  boundsCells,
  boundsOfCells,
  boundsOfTerms,
  limitOfRecord,
  limitRowOf,
  NO_BOUNDS,
  type StoredLimit,
  seenAt,
} from '../limit-row.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { countLock } from './documents.ts';
import { jsonOf } from './rows.ts';
import { givenText, plainArray, storedText, textArray } from './wire-text.ts';

/** Each try of a settlement can only be in vain because another one, or a new job, came between: and those settle after it. */
const TRIES_MAX = 12;

/**
 * Gives the tickets that there are, after a change that was committed. Never rejects: a settlement that fails is made up for by the next look at
 * its key, and the change must not be answered as if it had failed.
 * @returns the types that got some
 */
export async function settleAfter(
  session: Session,
  refs: readonly LimitRef[],
  now: number,
): Promise<readonly string[]> {
  const all = session.freedLimits.length === 0 ? refs : [...refs, ...session.freedLimits.splice(0)];
  if (all.length === 0) return [];
  return settleKeys(session, all, now).catch(() => []);
}

export function keysOfInsert(batch: readonly NewJob[], outcomes: readonly InsertOutcome[]): readonly LimitRef[] {
  return batch.flatMap(({ spec }, index) => {
    const outcome = outcomes[index];
    if (outcome?.kind === 'created') return keyOf(spec);
    return outcome?.kind === 'replaced' ? keyOf(outcome.job) : [];
  });
}

/** Of jobs that came with something else: which of them were new does not matter to a settlement. */
export function keysOfNew(jobs: readonly NewJob[]): readonly LimitRef[] {
  return jobs.flatMap(({ spec }) => keyOf(spec));
}

function keyOf({ tenant, terms }: Pick<Job, 'tenant' | 'terms'>): readonly LimitRef[] {
  return terms?.limit === undefined ? [] : [{ tenant, key: terms.limit.key }];
}

/** Keys of the jobs that came back or ended: both make room. */
export function keysOfApply(batch: readonly GuardedPatch[], outcomes: readonly ApplyOutcome[]): readonly LimitRef[] {
  return outcomes.flatMap((outcome, index) => {
    if (outcome.kind !== 'applied' || batch[index]?.patch.state === undefined) return [];
    return keyOf(outcome.job);
  });
}

/** Keys of jobs that nothing but their limit may hold any more. */
export function keysOfJobs(jobs: readonly Job[]): readonly LimitRef[] {
  return jobs.flatMap(keyOf);
}

/** Keys of the jobs whose place has changed. */
export function keysOfAmend(outcomes: readonly AmendOutcome[]): readonly LimitRef[] {
  return outcomes.flatMap((outcome) => (outcome.kind === 'amended' ? keyOf(outcome.job) : []));
}

export function keysOfRecords(batch: readonly StoreRecord[]): readonly LimitRef[] {
  return batch.flatMap((record) => {
    if (record.kind === 'limit') return [record.limit];
    return record.kind === 'job' && !isFinal(record.job.state) ? keyOf(record.job) : [];
  });
}

export async function settleKeys(session: Session, refs: readonly LimitRef[], now: number): Promise<readonly string[]> {
  const types = new Set<string>();
  let left = sortedOnce(refs);
  for (let tries = 1; left.length > 0 && tries <= TRIES_MAX; tries += 1)
    left = await settleOnce(session, left, now, types);
  return [...types];
}

export async function settleDue(
  session: Session,
  { now, limit }: { readonly now: number; readonly limit: number },
): Promise<LimitsSettled> {
  const rows = await repeated(() => session.run('limitDue', [now, limit]));
  const types = await settleKeys(session, rows.map(refOf), now);
  const [next] = await repeated(() => session.run('limitNext', []));
  return { types, nextAt: (next?.[0] ?? null) as number | null };
}

interface Settling {
  readonly ref: LimitRef;
  readonly limit: StoredLimit;
  readonly revision: number;
  readonly view: KeyView;
  readonly plan: TicketPlan;
}

/** @returns the keys that have to be looked at once more */
async function settleOnce(
  session: Session,
  refs: readonly LimitRef[],
  now: number,
  types: Set<string>,
): Promise<readonly LimitRef[]> {
  const rows = await repeated(() => session.run('limitView', [...refArrays(refs), now]));
  const settling = rows.flatMap((row) => settlingOf(row, refs[(row[0] as number) - 1] as LimitRef, now) ?? []);
  if (settling.length === 0) return [];
  const written = new Map(
    (await repeated(() => session.run('limitSettle', settleValues(settling)))).map(([ord, given]) => [ord, given]),
  );
  return settling.flatMap(({ ref, plan, view }, index) => {
    const given = written.get(index + 1) as number | undefined;
    if (given === undefined) return [ref];
    const numbers = new Set(plan.give);
    for (const { number, type } of view.best) if (numbers.has(number)) types.add(type);
    return given < plan.give.length || (plan.lookAt !== null && plan.lookAt <= now) ? [ref] : [];
  });
}

/** Null where there is nothing to write. */
function settlingOf(row: Row, ref: LimitRef, now: number): Settling | null {
  const [, revision, lookAt, concurrency, count, perMs, isKept, stateText, isBare, terms, at, ...rest] = row;
  const seen = seenAt(now, at as number);
  const said = isBare === true && terms !== null ? boundsOfTerms(givenText(terms as string)) : null;
  const bounds = said ?? boundsOfCells([concurrency, count, perMs]);
  const limit = { bounds, isKept: isKept as boolean, state: jsonOf<TicketState>(stateText as string) ?? NO_TICKETS };
  const view = viewOf(rest);
  const plan = ticketPlan(bounds, limit.state, view, seen);
  const isSame = plan.give.length === 0 && plan.take.length === 0 && isSameState(plan.state, limit.state);
  const isOver = plan.isIdle && !limit.isKept;
  const isInTime =
    plan.lookAt === null ? lookAt === null : lookAt !== null && isBetween(lookAt as number, seen, plan.lookAt);
  if (isSame && isInTime && !isOver && isBare === false) return null;
  return { ref, limit, revision: revision as number, view, plan };
}

function isBetween(value: number, above: number, upTo: number): boolean {
  return value > above && value <= upTo;
}

function isSameState(a: TicketState, b: TicketState): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function viewOf([running, free, best, nextRunAt, isAwaited]: Row): KeyView {
  const holder = ([number, type]: Row) => ({ number: number as number, type: givenText(type as string) });
  return {
    running: running as number,
    free: jobsOf(free).map((job) => ({ ...holder(job), isDue: job[2] === true })),
    best: jobsOf(best).map(holder),
    nextRunAt: nextRunAt as number | null,
    isAwaited: isAwaited as boolean,
  };
}

/** As JSON, parsed by the driver or not. */
function jobsOf(cell: unknown): readonly Row[] {
  if (cell === null) return [];
  return (typeof cell === 'string' ? JSON.parse(cell) : cell) as readonly Row[];
}

function settleValues(settling: readonly Settling[]): readonly unknown[] {
  const bounds = settling.map(({ limit }) => boundsCells(limit.bounds));
  const column = (place: 0 | 1 | 2) => plainArray(bounds.map((cells) => cells[place]));
  return [
    ...refArrays(settling.map(({ ref }) => ref)),
    plainArray(settling.map(({ revision }) => revision)),
    plainArray(settling.map(({ plan }) => plan.take.length)),
    `{${settling.map(({ plan, limit }) => (plan.isIdle && !limit.isKept ? 't' : 'f')).join(',')}}`,
    ...[column(0), column(1), column(2)],
    textArray(settling.map(({ plan }) => JSON.stringify(plan.state))),
    plainArray(settling.map(({ plan }) => plan.lookAt)),
    ...ticketArrays(settling, ({ plan, view }) => view.free.filter(({ number }) => plan.take.includes(number))),
    ...ticketArrays(settling, ({ plan, view }) => {
      const given = new Set(plan.give);
      return view.best.filter(({ number }) => given.has(number));
    }),
  ];
}

function ticketArrays(
  settling: readonly Settling[],
  pick: (one: Settling) => readonly { readonly number: number; readonly type: string }[],
): readonly string[] {
  const all = settling.flatMap((one, index) => pick(one).map((holder) => ({ ord: index + 1, ...holder })));
  return [
    plainArray(all.map(({ ord }) => ord)),
    plainArray(all.map(({ number }) => number)),
    textArray(all.map(({ type }) => type)),
  ];
}

/** What the row of each key of new jobs takes from them: the newest that says bounds wins. */
export function comeSteps(jobs: readonly NewJob[]): readonly Step[] {
  const keys = new Map<string, { readonly ref: LimitRef; terms: string | null }>();
  for (const { spec } of jobs) {
    const limit = spec.terms?.limit;
    if (limit === undefined) continue;
    const name = JSON.stringify([spec.tenant, limit.key]);
    const one = keys.get(name) ?? { ref: { tenant: spec.tenant, key: limit.key }, terms: null };
    const text = JSON.stringify({ limit });
    if (boundsOfTerms(text) !== null) one.terms = text;
    keys.set(name, one);
  }
  if (keys.size === 0) return [];
  const all = [...keys.values()];
  const said = all.map(({ terms }) => (terms === null ? null : boundsOfTerms(terms)));
  const cells = said.map((bounds) => boundsCells(bounds ?? NO_BOUNDS));
  const column = (place: 0 | 1 | 2) => plainArray(cells.map((row) => row[place]));
  const says = `{${said.map((bounds) => (bounds === null ? 'f' : 't')).join(',')}}`;
  const now = Math.max(...jobs.map(({ spec }) => spec.createdAt));
  const values = [...refArrays(all.map(({ ref }) => ref)), column(0), column(1), column(2), says, now];
  return [{ name: 'limitCome', values }];
}

export async function readLimit(session: Session, { tenant, key }: LimitRef): Promise<LimitRow | null> {
  const [row] = await repeated(() => session.run('limitRead', [storedText(tenant), storedText(key)]));
  return row === undefined ? null : shownOf(row);
}

export async function listLimits(
  session: Session,
  { tenant, after = '', limit }: { readonly tenant: string; readonly after?: string; readonly limit: number },
): Promise<readonly LimitRow[]> {
  const values = [storedText(tenant), storedText(after), Math.max(0, limit)];
  return (await repeated(() => session.run('limitList', values, 'long'))).map(shownOf);
}

export async function readBlocks(
  session: Session,
  jobs: readonly Pick<Job, 'number' | 'tenant' | 'type'>[],
): Promise<readonly BlockedJob[]> {
  const values = [
    textArray(jobs.map(({ tenant }) => tenant)),
    textArray(jobs.map(({ type }) => type)),
    plainArray(jobs.map(({ number }) => number)),
  ];
  const rows = (await repeated(() => session.run('jobBlocks', values))) as readonly [number, number, string | null][];
  return rows.map(([number, blocked, state]) =>
    blockedJobOf(number, blocked, state === null ? null : givenText(state)),
  );
}

export async function writeLimit(session: Session, write: LimitWrite): Promise<LimitOutcome> {
  const { tenant, key, bounds, closedUntil, keysMax, now } = write;
  const [row] = await repeated(() => session.run('limitRead', [storedText(tenant), storedText(key)]));
  if (row === undefined && bounds == null && closedUntil == null) return { kind: 'missing' };
  const cells = [storedText(tenant), storedText(key), ...boundsCells(bounds ?? NO_BOUNDS)];
  const isKept = bounds === undefined ? null : bounds !== null;
  const until = closedUntil === undefined ? null : (closedUntil ?? 0);
  const values = [...cells, isKept, until, now, write.keepsLonger === true];
  const written = await repeated(() =>
    row === undefined
      ? session.runAll([countLock(tenant, 'limit key'), { name: 'limitAdd', values: [...values, keysMax] }])
      : session.runAll([{ name: 'limitWrite', values }]),
  );
  if (written.at(-1)?.length === 0) return { kind: 'full' };
  return { kind: 'written', types: await settleAfter(session, [{ tenant, key }], now) };
}

function shownOf(row: Row): LimitRow {
  const [running, waiting] = row.slice(7) as [number, number];
  return limitRowOf(refOf(row), storedOf(row), { running, waiting });
}

/** Of a row that begins with the columns of the key. */
export function storedOf(row: Row): StoredLimit {
  return {
    bounds: boundsOfCells(row.slice(2, 5)),
    isKept: row[5] as boolean,
    state: jsonOf<TicketState>(row[6] as string) ?? NO_TICKETS,
  };
}

function refOf([tenant, key]: Row): LimitRef {
  return { tenant: givenText(tenant as string), key: givenText(key as string) };
}

export function refArrays(refs: readonly LimitRef[]): readonly [string, string] {
  return [textArray(refs.map(({ tenant }) => tenant)), textArray(refs.map(({ key }) => key))];
}

/** In one order everywhere, so that no two settlements can wait for each other. */
function sortedOnce(refs: readonly LimitRef[]): readonly LimitRef[] {
  const once = new Map(refs.map((ref) => [JSON.stringify([ref.tenant, ref.key]), ref]));
  return [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ref]) => ref);
}

export function restoreLimits(limits: readonly LimitRecord[]): Step {
  const stored = limits.map(limitOfRecord);
  const bounds = stored.map((limit) => boundsCells(limit.bounds));
  const column = (place: 0 | 1 | 2) => plainArray(bounds.map((cells) => cells[place]));
  const kept = `{${limits.map(({ isKept }) => (isKept ? 't' : 'f')).join(',')}}`;
  const states = textArray(stored.map(({ state }) => JSON.stringify(state)));
  const values = [...refArrays(limits), column(0), column(1), column(2), kept, states, plainArray([Date.now()])];
  return { name: 'limitRestore', values };
}
