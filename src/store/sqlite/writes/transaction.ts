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
  /** So many more (or, below 0, fewer) jobs and bytes of this tenant and type in this state. */
  count(tenant: string, type: string, state: StoredState, more: Tally): void;
  settle(): void;
}

interface Tally {
  readonly jobs: number;
  /** Of inputs and results. */
  readonly bytes: number;
}

interface CountChange {
  readonly tenant: string;
  readonly type: string;
  readonly state: StoredState;
  jobs: number;
  bytes: number;
}

export function transactionOn(connection: Connection): Transaction {
  const changes = new Map<string, CountChange>();
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

  function count(tenant: string, type: string, state: StoredState, { jobs, bytes }: Tally): void {
    // A state holds no line break, so that two different triples never make the same key.
    const key = `${state}\n${tenant.length}\n${tenant}${type}`;
    const change = changes.get(key);
    if (change === undefined) {
      changes.set(key, { tenant, type, state, jobs, bytes });
    } else {
      change.jobs += jobs;
      change.bytes += bytes;
    }
  }

  function settle(): void {
    if (lastNumber !== null) connection.run('jobNumberWrite', lastNumber);
    for (const { tenant, type, state, jobs, bytes } of changes.values()) {
      if (jobs !== 0 || bytes !== 0) connection.run('countAdd', tenant, type, state, jobs, bytes);
      if (jobs < 0) connection.run('countDeleteEmpty', tenant, type, state);
    }
  }

  return { connection, takeNumber, raiseNumber, count, settle };
}
