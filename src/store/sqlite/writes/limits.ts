/**
 * Limits per key: after each operation the keys that it touched are settled, in its transaction. There is one writer, so what is seen of a
 * key is so until it is written.
 */
import {
  type KeyView,
  NO_TICKETS,
  type TicketHolder,
  type TicketPlan,
  type TicketState,
  ticketPlan,
  ticketsWanted,
} from '../../../core/limit-tickets.ts';
import type { LimitOutcome, LimitRecord, LimitRef, LimitsSettled, LimitWrite, RestoreOutcome } from '../../contract.ts';
import { AT } from '../../job-row.ts';
import {
  boundsCells,
  boundsOfCells,
  boundsOfTerms,
  KINDS_MAX,
  limitOfRecord,
  NO_BOUNDS,
  type StoredLimit,
  seenAt,
  writtenState,
} from '../../limit-row.ts';
import type { Connection } from '../connection.ts';
import type { Row } from '../rows.ts';
import type { Transaction } from './transaction.ts';

/** Steps of one settlement: each gives a hundred tickets, and a key has two hundred at most. */
const STEPS_MAX = 4;
const PRIORITY_TOP = Number.MAX_SAFE_INTEGER;

/** A job of the key is about to wait that was not there before: its key is known from then on, with the limit that the job states. */
export function cameUnderLimit(transaction: Transaction, terms: string, tenant: string, at: number | null): void {
  const { limit } = JSON.parse(terms) as { readonly limit: { readonly key: string } };
  const { connection } = transaction;
  const there = limitAt(connection, { tenant, key: limit.key });
  const said = there?.isKept === true ? null : boundsOfTerms(terms);
  if (there === null || said !== null) {
    const { isKept = false, state = NO_TICKETS, bounds = NO_BOUNDS } = there ?? {};
    putLimit(connection, { tenant, key: limit.key }, { isKept, state, bounds: said ?? bounds }, null);
  }
  transaction.touchLimit(tenant, limit.key, at);
}

/** A job of a key does not run any more, or waits again. */
export function limitChanged(transaction: Transaction, row: Row, at: number | null): void {
  const ref = { tenant: row[AT.tenant] as string, key: row[AT.limit_key] as string };
  if (limitAt(transaction.connection, ref) === null)
    cameUnderLimit(transaction, row[AT.terms] as string, ref.tenant, at);
  else transaction.touchLimit(ref.tenant, ref.key, at);
}

export function settleTouched(transaction: Transaction): void {
  for (const { tenant, key, at } of transaction.takeTouched()) {
    settleKey(transaction.connection, { tenant, key }, at === null ? Date.now() : seenAt(at, Date.now()));
  }
}

export function settleLimits(
  { connection }: Transaction,
  { now, limit }: { readonly now: number; readonly limit: number },
): LimitsSettled {
  const types = new Set<string>();
  for (const [tenant, key] of connection.all('limitKeysDue', now, limit)) {
    for (const type of settleKey(connection, { tenant: tenant as string, key: key as string }, seenAt(now, Date.now())))
      types.add(type);
  }
  return { types: [...types], nextAt: (connection.get('limitKeysNext')?.[0] ?? null) as number | null };
}

export function writeLimit({ connection }: Transaction, write: LimitWrite): LimitOutcome {
  const { tenant, key, bounds, closedUntil, now, keysMax } = write;
  const there = limitAt(connection, write);
  if (there === null && bounds == null && closedUntil == null) return { kind: 'missing' };
  if (there === null && ((connection.get('limitKeysCount', tenant, keysMax)?.[0] ?? 0) as number) >= keysMax) {
    return { kind: 'full' };
  }
  const before = there ?? { bounds: NO_BOUNDS, isKept: false, state: NO_TICKETS };
  // Nobody keeps it: what holds then is what its jobs say.
  const freed = bounds === null ? boundsSaid(connection, write) : undefined;
  putLimit(
    connection,
    { tenant, key },
    {
      bounds: freed ?? bounds ?? before.bounds,
      isKept: bounds === undefined ? before.isKept : bounds !== null,
      state: writtenState(before.state, write),
    },
    null,
  );
  return { kind: 'written', types: settleKey(connection, { tenant, key }, now) };
}

function boundsSaid(connection: Connection, { tenant, key }: LimitRef) {
  const terms = connection.get('limitTerms', tenant, key)?.[0];
  return terms == null ? NO_BOUNDS : (boundsOfTerms(terms as string) ?? NO_BOUNDS);
}

/** @returns the types of jobs that got tickets */
function settleKey(connection: Connection, ref: LimitRef, now: number): readonly string[] {
  const types = new Set<string>();
  for (let steps = 1; steps <= STEPS_MAX; steps += 1) {
    const limit = limitAt(connection, ref);
    if (limit === null) break;
    const view = viewOf(connection, ref, limit, now);
    const plan = ticketPlan(limit.bounds, limit.state, view, now);
    carryOut(connection, ref, limit, plan);
    const given = new Set(plan.give);
    for (const { number, type } of view.best) if (given.has(number)) types.add(type);
    if (plan.lookAt === null || plan.lookAt > now) break;
  }
  return [...types];
}

function carryOut(connection: Connection, ref: LimitRef, limit: StoredLimit, plan: TicketPlan): void {
  for (const number of plan.take) connection.run('ticketTake', number);
  for (const number of plan.give) connection.run('ticketGive', number);
  if (plan.isIdle && !limit.isKept) connection.run('limitKeyDelete', ref.tenant, ref.key);
  else putLimit(connection, ref, { ...limit, state: plan.state }, plan.lookAt);
}

function viewOf(connection: Connection, { tenant, key }: LimitRef, { bounds }: StoredLimit, now: number): KeyView {
  const running = connection.get('limitRunning', tenant, key)?.[0] as number;
  const free = connection.all('limitFree', tenant, key, now);
  const { best, nextRunAt } = bestOf(
    connection,
    { tenant, key },
    { now, wanted: ticketsWanted(bounds.concurrency, running, free.length) },
  );
  return {
    running,
    free: free.map(([number, type, isDue]) => ({ number: number as number, type: type as string, isDue: isDue === 1 })),
    best,
    nextRunAt,
    isAwaited: connection.get('limitAwaits', tenant, key) !== undefined,
  };
}

interface Want {
  readonly now: number;
  readonly wanted: number;
}

/** Of each type the best that are due, and when the next one will be. */
function bestOf(connection: Connection, { tenant, key }: LimitRef, { now, wanted }: Want) {
  const found: Row[] = [];
  let nextRunAt: number | null = null;
  let kinds = 0;
  if (wanted > 0) {
    for (let type = ''; kinds < KINDS_MAX; ) {
      type = (connection.get('limitTypeAfter', tenant, key, type)?.[0] ?? '') as string;
      if (type === '') break;
      for (let priority = PRIORITY_TOP; kinds < KINDS_MAX; kinds += 1) {
        const below = connection.get('limitPriorityBelow', tenant, key, type, priority)?.[0];
        if (below === undefined) break;
        priority = below as number;
        found.push(...connection.all('limitDue', tenant, key, type, priority, now, wanted));
        const ahead = (connection.get('limitAhead', tenant, key, type, priority, now)?.[0] ?? null) as number | null;
        if (ahead !== null) nextRunAt = Math.min(ahead, nextRunAt ?? ahead);
      }
    }
  }
  const jobs = found.map(([number, type, priority, runAt]) => ({ number, type, priority, runAt }) as BestJob);
  jobs.sort((a, b) => b.priority - a.priority || a.runAt - b.runAt || a.number - b.number);
  return { best: jobs.map(({ number, type }) => ({ number, type })), nextRunAt };
}

interface BestJob extends TicketHolder {
  readonly priority: number;
  readonly runAt: number;
}

function limitAt(connection: Connection, { tenant, key }: LimitRef): StoredLimit | null {
  const row = connection.get('limitKey', tenant, key);
  return row === undefined ? null : storedLimitOf(row);
}

/** Of a row that begins with tenant and key. */
export function storedLimitOf(row: Row): StoredLimit {
  return {
    bounds: boundsOfCells(row.slice(2, 5)),
    isKept: row[5] === 1,
    state: JSON.parse(row[6] as string) as TicketState,
  };
}

export function putLimit(
  connection: Connection,
  { tenant, key }: LimitRef,
  { bounds, isKept, state }: StoredLimit,
  lookAt: number | null,
): void {
  connection.run('limitKeyPut', tenant, key, ...boundsCells(bounds), isKept ? 1 : 0, JSON.stringify(state), lookAt);
}

export function restoreLimit(transaction: Transaction, limit: LimitRecord): RestoreOutcome {
  const there = limitAt(transaction.connection, limit);
  if (there !== null && (there.isKept || !limit.isKept)) return 'present';
  putLimit(transaction.connection, limit, limitOfRecord(limit), null);
  transaction.touchLimit(limit.tenant, limit.key, null);
  return 'written';
}
