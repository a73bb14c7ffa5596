/**
 * A SQLite database whose k-th call fails, as a full or broken disk would make it fail: once, and everything after works again.
 *
 * Calls are counted where they reach SQLite: `exec` (BEGIN, COMMIT, ROLLBACK) and the running of statements.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface Fault {
  /** Calls so far. */
  readonly calls: number;
  readonly hasStruck: boolean;
  /** What failed: the SQL. */
  readonly struck: string | null;
}

/** How SQLite leaves the transaction when the call fails: as it was, or rolled back, as a full disk may. */
export type Aftermath = 'open' | 'rolled back';

const DISK_FULL = 13;

export function faultyDatabase(
  database: DatabaseSync,
  failAt: number,
  aftermath: Aftermath,
): { readonly database: DatabaseSync; readonly fault: Fault } {
  const fault = { calls: 0, hasStruck: false, struck: null as string | null };

  function guarded<T>(sql: string, work: () => T): T {
    fault.calls += 1;
    if (fault.calls !== failAt) return work();
    fault.hasStruck = true;
    fault.struck = sql;
    if (aftermath === 'rolled back' && database.isTransaction) database.exec('ROLLBACK');
    throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: DISK_FULL });
  }

  return {
    fault,
    database: proxied(database, {
      exec: (sql: string) => guarded(sql, () => database.exec(sql)),
      prepare: (sql: string) => faultyStatement(database.prepare(sql), sql, guarded),
    }),
  };
}

function faultyStatement(
  statement: StatementSync,
  sql: string,
  guarded: <T>(sql: string, work: () => T) => T,
): StatementSync {
  return proxied(statement, {
    run: (...values: never[]) => guarded(sql, () => statement.run(...values)),
    get: (...values: never[]) => guarded(sql, () => statement.get(...values)),
    all: (...values: never[]) => guarded(sql, () => statement.all(...values)),
  });
}

/** `target` with some of its methods replaced; the others are called on itself, since they are native. */
function proxied<T extends object>(target: T, methods: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get(_, name) {
      if (typeof name === 'string' && Object.hasOwn(methods, name)) return methods[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
