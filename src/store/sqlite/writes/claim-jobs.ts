/** Takes due jobs for a worker, as `decide(job, {kind: 'claim'})` would: per type tenant by tenant, of each in the order of the contract. */
import { takenOfLevels } from '../../../core/fairness/aging.ts';
import { sharesOf, turnAfter } from '../../../core/fairness/turns.ts';
import { roomOfType, startedAt, startsKept } from '../../../core/fairness/type-limit.ts';
import type { ClaimRequest } from '../../contract.ts';
import { JOB_WIDTH } from '../../job-row.ts';
import { startsOf } from '../main-reads.ts';
import type { Row, Value } from '../rows.ts';
import { type Head, nextPriority, walkRound } from './claim-round.ts';
import { stateChanged } from './state-change.ts';
import type { Transaction } from './transaction.ts';

/** A job and, in one more column, its input. */
export const CLAIMED_WIDTH = JOB_WIDTH + 1;

/** Above every priority, which the limits keep far below. */
const PRIORITY_TOP = Number.MAX_SAFE_INTEGER;

type Want = ClaimRequest['wants'][number];

/** @returns `CLAIMED_WIDTH` values per job, one after another */
export function claimJobs(transaction: Transaction, request: ClaimRequest): readonly Value[] {
  const values: Value[] = [];
  let left = request.max;
  for (const want of request.wants) {
    const max = Math.min(want.max, left);
    const claim = want.cluster === undefined ? claimOfType : claimLimited;
    const rows = claim(transaction, request, { ...want, max });
    for (const row of rows) {
      stateChanged(transaction, row, 'waiting', request.now);
      values.push(...row);
    }
    left -= rows.length;
    if (left <= 0) break;
  }
  return values;
}

/** Within the limit of the type as a whole. */
function claimLimited(transaction: Transaction, request: ClaimRequest, want: Want): readonly Row[] {
  const { connection } = transaction;
  const { cluster = {}, type } = want;
  const starts = startsOf(connection, type);
  const running = cluster.concurrency == null ? 0 : (connection.get('typeRunning', type)?.[0] as number);
  const max = Math.min(want.max, roomOfType(cluster, { running, starts }, request.now));
  const rows = claimOfType(transaction, request, { ...want, max });
  if (rows.length > 0 && cluster.rate != null) {
    const moment = [startedAt(starts, request.now), rows.length] as const;
    connection.run('typeStartsPut', type, JSON.stringify([...startsKept(cluster.rate, starts, request.now), moment]));
  }
  return rows;
}

function claimOfType(transaction: Transaction, request: ClaimRequest, want: Want): readonly Row[] {
  if (want.max <= 0) return [];
  const { tenant } = request;
  if (tenant === null) return claimOfRound(transaction, request, want);
  const priority = nextPriority(transaction.connection, want.type, PRIORITY_TOP, tenant);
  return priority === null ? [] : claimOfTenant(transaction, request, want, { tenant, priority });
}

function claimOfRound(transaction: Transaction, request: ClaimRequest, want: Want): readonly Row[] {
  const { connection, turns } = transaction;
  const { weights, now } = request;
  const turn = turns.of(want.type);
  const { heads, cutAt } = walkRound(connection, { turn, want, weights, now });
  const shares = heads.length === 1 ? [want.max] : sharesOf(heads, turn, want.max);
  const rows: Row[] = [];
  const taken = new Map<string, number>();
  for (const [index, head] of heads.entries()) {
    const max = shares[index] as number;
    const claimed = max === 0 ? [] : claimOfTenant(transaction, request, { ...want, max }, head);
    if (claimed.length > 0) taken.set(head.tenant, claimed.length);
    for (const row of claimed) rows.push(row);
  }
  const left = want.max - rows.length;
  // Everybody is served who waited: the next round may begin anywhere.
  if (cutAt === null) turns.set(want.type, left > 0 ? null : turnAfter(turn, taken, weights));
  else turns.set(want.type, { tenant: cutAt, credit: 0 });
  // The walk has ended before it came to all: none of them may wait for the next one while slots are free.
  return cutAt === null || left === 0 ? rows : [...rows, ...claimByTime(transaction, request, { ...want, max: left })];
}

/** One step per priority that has waiting jobs: at most as many as `limits.priorityMax` allows, each two index probes. */
function claimOfTenant(transaction: Transaction, request: ClaimRequest, want: Want, head: Head): readonly Row[] {
  if (want.agingMs !== undefined) return claimAged(transaction, request, want, head);
  const { connection } = transaction;
  const { type, max } = want;
  let rows: readonly Row[] = [];
  for (let priority: number | null = head.priority; priority !== null && rows.length < max; ) {
    const more = claimOfPriority(transaction, request, { type, tenant: head.tenant, priority, max: max - rows.length });
    rows = rows.length === 0 ? more : [...rows, ...more];
    if (rows.length < max) priority = nextPriority(connection, type, priority, head.tenant);
  }
  return rows;
}

/** Reads the times of the first ones of each priority, then takes so many of each. */
function claimAged(transaction: Transaction, request: ClaimRequest, want: Want, head: Head): readonly Row[] {
  const { connection } = transaction;
  const { type, max, agingMs = 0 } = want;
  const { tenant } = head;
  const levels: { readonly priority: number; readonly runAts: readonly number[] }[] = [];
  for (let priority: number | null = head.priority; priority !== null; ) {
    const due = connection.all('jobDue', type, priority, request.now, max, tenant);
    levels.push({ priority, runAts: due.map((row) => row[0] as number) });
    priority = nextPriority(connection, type, priority, tenant);
  }
  const taken = takenOfLevels(levels, agingMs, max);
  return levels.flatMap(({ priority }, index) => {
    const count = taken[index] as number;
    return count === 0 ? [] : claimOfPriority(transaction, request, { type, tenant, priority, max: count });
  });
}

interface Level extends Head {
  readonly type: string;
  readonly max: number;
}

/** Three statements over the same rows: what they are after the claim, their entry into `running`, their leave of `waiting`. */
function claimOfPriority({ connection }: Transaction, request: ClaimRequest, level: Level): readonly Row[] {
  const { worker, leaseMs, now } = request;
  const due = [level.type, level.priority, now, level.max, level.tenant] as const;
  const taken = [...due, now + leaseMs, worker] as const;
  const rows = connection.all('jobClaimable', ...taken);
  if (rows.length > 0) connection.run('jobClaim', ...taken);
  if (rows.length > 0) connection.run('jobClaimLeave', ...due);
  return rows;
}

function claimByTime({ connection }: Transaction, request: ClaimRequest, { type, max }: Want): readonly Row[] {
  const { worker, leaseMs, now } = request;
  const due = [type, null, now, max] as const;
  const taken = [...due, null, now + leaseMs, worker] as const;
  const rows = connection.all('jobClaimableByTime', ...taken);
  if (rows.length > 0) connection.run('jobClaimByTime', ...taken);
  if (rows.length > 0) connection.run('jobClaimLeaveByTime', ...due);
  return rows;
}
