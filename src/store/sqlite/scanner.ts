/** Listings and filtered counts: SQL made from the filter, run on a read-only connection. */
import { STORED_STATES, type StoredState } from '../../core/state.ts';
import type { CountFilter, ListFilter } from '../contract.ts';
import type { Connection, Row, Value } from './connection.ts';
import { storeError } from './driver-errors.ts';
import { JOB_ROW_OF_J } from './statements.ts';
import { type WireReply, type WireRequest, wireError } from './thread-protocol.ts';
import type { Answerer } from './thread-shell.ts';

export interface ScannerTable {
  readonly [name: string]: (payload: never) => unknown;
  /** The rows of the jobs, one after another. */
  readonly list: (filter: ListFilter) => Row;
  /** Tenant, type, state and count per row. */
  readonly count: (filter: CountFilter) => readonly Row[];
}

export function createScanner(connection: Connection, subject: string): Answerer {
  const answer = ([id, operation, payload]: WireRequest): WireReply => {
    try {
      if (operation === 'count') return [id, countJobs(connection, payload as CountFilter)];
      return [id, listJobs(connection, payload as ListFilter)];
    } catch (error) {
      return [id, null, wireError(storeError(error, subject))];
    }
  };
  return { answer: (requests) => requests.map(answer), close: () => connection.close() };
}

function listJobs(connection: Connection, filter: ListFilter): Row {
  const { sql, values } = listQuery(filter);
  return connection
    .prepareOnce(sql)
    .all(...values)
    .flat();
}

function countJobs(connection: Connection, filter: CountFilter): readonly Row[] {
  const { conditions, values } = conditionsOf(filter);
  const sql = `SELECT j.tenant, j.type, j.state, count(*) FROM jobs j WHERE ${conditions.join(' AND ')}
    GROUP BY j.tenant, j.type, j.state`;
  return connection.prepareOnce(sql).all(...values);
}

interface Query {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** Exported for the test that looks at its query plan. */
export function listQuery(filter: ListFilter): Query {
  const { conditions, values } = conditionsOf(filter);
  const isNewest = (filter.order ?? 'newest') === 'newest';
  if (filter.after !== undefined) {
    conditions.push(`j.number ${isNewest ? '<' : '>'} ?`);
    values.push(filter.after);
  }
  values.push(filter.limit);
  const sql = `SELECT ${JOB_ROW_OF_J} FROM jobs j ${indexHint(filter)} WHERE ${conditions.join(' AND ')}
    ORDER BY j.number ${isNewest ? 'DESC' : 'ASC'} LIMIT ?`;
  return { sql, values };
}

/** The condition of the index `jobs_by_trouble`, word for word: SQLite takes a partial index only for a condition that it finds. */
const TROUBLE = `j.state IN ('failed', 'cancelled', 'expired')`;
const TROUBLED: readonly StoredState[] = ['failed', 'cancelled', 'expired'];

function isTroubled({ states = [] }: CountFilter): boolean {
  return states.length > 0 && states.every((state) => TROUBLED.includes(state));
}

/** Named, since the planner sees no difference to `jobs_by_tenant`, which holds a thousand times as many jobs that went well. */
function indexHint(filter: ListFilter): string {
  const hasTags = Object.keys(filter.tags ?? {}).length > 0;
  return filter.tenant !== null && !hasTags && isTroubled(filter) ? 'INDEXED BY jobs_by_trouble' : '';
}

/** States stand in the text, not among the values, since a partial index fits no value. They come from a closed set. */
function stateCondition(states: readonly StoredState[]): string {
  const known = states.filter((state) => STORED_STATES.includes(state));
  return `j.state IN (${known.map((state) => `'${state}'`).join(', ')})`;
}

function conditionsOf(filter: CountFilter): { readonly conditions: string[]; readonly values: Value[] } {
  const conditions = ['TRUE'];
  const values: Value[] = [];
  const add = (condition: string, ...more: readonly Value[]) => {
    conditions.push(condition);
    values.push(...more);
  };
  if (filter.tenant !== null) add('j.tenant = ?', filter.tenant);
  if (filter.states !== undefined) add(stateCondition(filter.states));
  if (isTroubled(filter)) add(TROUBLE);
  if (filter.types !== undefined) add('j.type IN (SELECT value FROM json_each(?))', JSON.stringify(filter.types));
  if (filter.createdFrom !== undefined) add('j.created_at >= ?', filter.createdFrom);
  if (filter.createdBefore !== undefined) add('j.created_at < ?', filter.createdBefore);
  for (const [name, value] of Object.entries(filter.tags ?? {})) {
    add(
      `j.number IN (SELECT number FROM job_tags WHERE ${filter.tenant === null ? 'tenant = j.tenant' : 'tenant = ?'}
        AND name = ? AND value = ?)`,
      ...(filter.tenant === null ? [] : [filter.tenant]),
      name,
      value,
    );
  }
  return { conditions, values };
}
