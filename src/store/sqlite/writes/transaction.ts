/**
 * What the operations of one transaction share: the connection, the next job number, and how the counts change.
 *
 * Counts and the last number are written once, by `settle`, just before the commit. After a rollback the whole object is
 * thrown away, so nothing of a failed transaction is remembered.
 */
import type { StoredState } from '../../../core/state.ts';
import type { Connection } from '../connection.ts';

export interface Transaction {
  readonly connection: Connection;
  takeNumber(): number;
  /** No number up to this one is given out from here on. False where that was so before. */
  raiseNumber(number: number): boolean;
  /** `jobs` more (or, below 0, fewer) jobs of this tenant and type in this state. */
  count(tenant: string, type: string, state: StoredState, jobs: number): void;
  /** The tenant has so many more (or fewer) jobs, and bytes of inputs, results and logs. */
  use(tenant: string, more: Usage): void;
  settle(): void;
}

interface Usage {
  readonly jobs: number;
  readonly bytes: number;
}

interface CountChange {
  readonly tenant: string;
  readonly type: string;
  readonly state: StoredState;
  jobs: number;
}

export function transactionOn(connection: Connection): Transaction {
  const changes = new Map<string, CountChange>();
  const usages = new Map<string, Usage>();
  let lastNumber: number | null = null;

  function last(): number {
    lastNumber ??= Number(connection.get('jobNumberRead')?.[0]);
    return lastNumber;
  }

  function takeNumber(): number {
    lastNumber = last() + 1;
    return lastNumber;
  }

  function raiseNumber(number: number): boolean {
    if (number <= last()) return false;
    lastNumber = number;
    return true;
  }

  function count(tenant: string, type: string, state: StoredState, jobs: number): void {
    // A state holds no line break, so that two different triples never make the same key.
    const key = `${state}\n${tenant.length}\n${tenant}${type}`;
    const change = changes.get(key);
    if (change === undefined) changes.set(key, { tenant, type, state, jobs });
    else change.jobs += jobs;
  }

  function use(tenant: string, more: Usage): void {
    const { jobs, bytes } = usages.get(tenant) ?? { jobs: 0, bytes: 0 };
    usages.set(tenant, { jobs: jobs + more.jobs, bytes: bytes + more.bytes });
  }

  function settle(): void {
    if (lastNumber !== null) connection.run('jobNumberWrite', lastNumber);
    for (const [tenant, { jobs, bytes }] of usages) {
      if (jobs !== 0 || bytes !== 0) connection.run('usageAdd', tenant, jobs, bytes);
      if (jobs < 0) connection.run('usageDeleteEmpty', tenant);
    }
    for (const { tenant, type, state, jobs } of changes.values()) {
      if (jobs !== 0) connection.run('countAdd', tenant, type, state, jobs);
      if (jobs < 0) connection.run('countDeleteEmpty', tenant, type, state);
    }
  }

  return { connection, takeNumber, raiseNumber, count, use, settle };
}
