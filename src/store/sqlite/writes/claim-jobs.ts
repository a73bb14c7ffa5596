/** Takes due jobs for a worker, as `decide(job, {kind: 'claim'})` would, per type in the order of the contract. */
import type { ClaimRequest } from '../../contract.ts';
import { JOB_WIDTH } from '../../job-row.ts';
import type { Row, Value } from '../rows.ts';
import { stateChanged } from './state-change.ts';
import type { Transaction } from './transaction.ts';

/** A job and, in one more column, its input. */
export const CLAIMED_WIDTH = JOB_WIDTH + 1;

/** Above every priority, which the limits keep far below. */
const PRIORITY_TOP = Number.MAX_SAFE_INTEGER;

/** @returns `CLAIMED_WIDTH` values per job, one after another */
export function claimJobs(transaction: Transaction, request: ClaimRequest): readonly Value[] {
  const values: Value[] = [];
  let left = request.max;
  for (const { type, max } of request.wants) {
    const rows = claimOfType(transaction, request, type, Math.min(max, left));
    for (const row of rows) values.push(...row);
    left -= rows.length;
    if (left <= 0) break;
  }
  return values;
}

/** One step per priority that has waiting jobs: at most as many as `limits.priorityMax` allows, each two index probes. */
function claimOfType(transaction: Transaction, request: ClaimRequest, type: string, max: number): readonly Row[] {
  const claimed: Row[] = [];
  let priority = nextPriority(transaction, request, type, PRIORITY_TOP);
  while (priority !== null && claimed.length < max) {
    const rows = claimOfPriority(transaction, request, { type, priority, max: max - claimed.length });
    for (const row of rows) claimed.push(row);
    if (claimed.length < max) priority = nextPriority(transaction, request, type, priority);
  }
  for (const row of claimed) stateChanged(transaction, row, 'waiting', request.now);
  return claimed;
}

function nextPriority(transaction: Transaction, { tenant }: ClaimRequest, type: string, below: number): number | null {
  const { connection } = transaction;
  const row =
    tenant === null
      ? connection.get('jobNextPriority', type, below)
      : connection.get('jobNextPriorityOfTenant', type, below, tenant);
  return row === undefined ? null : (row[0] as number);
}

interface Want {
  readonly type: string;
  readonly priority: number;
  readonly max: number;
}

/** Three statements over the same rows: what they are after the claim, their entry into `running`, their leave of `waiting`. */
function claimOfPriority(transaction: Transaction, request: ClaimRequest, want: Want): readonly Row[] {
  const { connection } = transaction;
  const { tenant, worker, leaseMs, now } = request;
  const due = [want.type, want.priority, now, want.max] as const;
  const taken = [...due, now + leaseMs, worker] as const;
  if (tenant !== null) {
    const rows = connection.all('jobClaimableOfTenant', ...taken, tenant);
    if (rows.length > 0) connection.run('jobClaimOfTenant', ...taken, tenant);
    if (rows.length > 0) connection.run('jobClaimLeaveOfTenant', ...due, tenant);
    return rows;
  }
  const rows = connection.all('jobClaimable', ...taken);
  if (rows.length > 0) connection.run('jobClaim', ...taken);
  if (rows.length > 0) connection.run('jobClaimLeave', ...due);
  return rows;
}
