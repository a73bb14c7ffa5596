/** Listings and filtered counts: SQL made from the filter, run on a read-only connection. */
import { STORED_STATES, type StoredState } from '../../core/state.ts';
import type { CountFilter, ListFilter } from '../contract.ts';
import type { Connection } from './connection.ts';
import { storeError } from './driver-errors.ts';
import type { Row, Value } from './rows.ts';
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
  const { sql, values } = listQuery(filter, wayOf(connection, filter));
  return connection
    .prepareOnce(sql)
    .all(...values)
    .flat();
}

/** By types or by states, whichever leads to fewer jobs: the counts know. */
function wayOf(connection: Connection, filter: ListFilter): Way {
  const { tenant, types, states } = filter;
  const byState = stateWayOf(filter);
  if (!canGoByType(filter)) return byState;
  if (byState === 'tenant' || tenant === null) return 'type';
  let ofTypes = 0;
  let ofStates = 0;
  for (const [, type, state, jobs] of connection.all('countOfTenant', tenant)) {
    if (types?.includes(type as string)) ofTypes += jobs as number;
    if (states?.includes(state as StoredState)) ofStates += jobs as number;
  }
  return ofTypes < ofStates ? 'type' : byState;
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

/** Which index a list goes along. Named, since the planner sees no difference to `jobs_by_tenant`, which holds every job there is. */
export type Way = 'tenant' | 'type' | 'trouble' | 'running';

const INDEXES: Readonly<Record<Way, string>> = {
  tenant: '',
  type: 'INDEXED BY jobs_by_type',
  trouble: 'INDEXED BY jobs_by_trouble',
  running: 'INDEXED BY jobs_by_lease',
};

/** The conditions of partial indexes, word for word: SQLite takes one only for a condition that it finds. */
const PARTIAL: Partial<Record<Way, { readonly states: readonly StoredState[]; readonly condition: string }>> = {
  trouble: { states: ['failed', 'cancelled', 'expired'], condition: `j.state IN ('failed', 'cancelled', 'expired')` },
  running: { states: ['running'], condition: `j.state = 'running'` },
};

/** Each type is a part of the query. */
const TYPES_MAX = 16;

function hasTags({ tags = {} }: CountFilter): boolean {
  return Object.keys(tags).length > 0;
}

function canGoByType(filter: ListFilter): boolean {
  const { tenant, types = [] } = filter;
  return tenant !== null && types.length > 0 && types.length <= TYPES_MAX && !hasTags(filter);
}

function stateWayOf(filter: ListFilter): Way {
  const { tenant, states = [] } = filter;
  if (tenant === null || hasTags(filter) || states.length === 0) return 'tenant';
  const isWithin = (way: Way) => states.every((state) => PARTIAL[way]?.states.includes(state));
  return (['trouble', 'running'] as const).find(isWithin) ?? 'tenant';
}

/** Exported for the test that looks at its query plan. */
export function listQuery(filter: ListFilter, way: Way): Query {
  const { types = [] } = filter;
  if (way !== 'type') return pageQuery(filter, { way, row: JOB_ROW_OF_J });
  if (types.length === 1) return pageQuery(filter, { way, row: JOB_ROW_OF_J });
  // The first page of each type, and of all those jobs the first page.
  const parts = types.map((type) => pageQuery({ ...filter, types: [type] }, { way, row: 'j.number' }));
  const numbers = parts.map(({ sql }) => `SELECT number FROM (${sql})`).join(' UNION ALL ');
  return {
    sql: `SELECT ${JOB_ROW_OF_J} FROM jobs j WHERE j.number IN (${numbers}) ORDER BY j.number ${directionOf(filter)} LIMIT ?`,
    values: [...parts.flatMap(({ values }) => values), filter.limit],
  };
}

function directionOf({ order = 'newest' }: ListFilter): string {
  return order === 'newest' ? 'DESC' : 'ASC';
}

function pageQuery(filter: ListFilter, { way, row }: { readonly way: Way; readonly row: string }): Query {
  const { conditions, values } = conditionsOf(filter, way);
  if (filter.after !== undefined) {
    conditions.push(`j.number ${directionOf(filter) === 'DESC' ? '<' : '>'} ?`);
    values.push(filter.after);
  }
  values.push(filter.limit);
  const sql = `SELECT ${row} FROM jobs j ${INDEXES[way]} WHERE ${conditions.join(' AND ')}
    ORDER BY j.number ${directionOf(filter)} LIMIT ?`;
  return { sql, values };
}

/** States stand in the text, not among the values, since a partial index fits no value. They come from a closed set. */
function stateCondition(states: readonly StoredState[]): string {
  const known = states.filter((state) => STORED_STATES.includes(state));
  return `j.state IN (${known.map((state) => `'${state}'`).join(', ')})`;
}

function conditionsOf(
  filter: CountFilter,
  way: Way = 'tenant',
): { readonly conditions: string[]; readonly values: Value[] } {
  const conditions = ['TRUE'];
  const values: Value[] = [];
  const add = (condition: string, ...more: readonly Value[]) => {
    conditions.push(condition);
    values.push(...more);
  };
  if (filter.tenant !== null) add('j.tenant = ?', filter.tenant);
  if (filter.states !== undefined) add(stateCondition(filter.states));
  const partial = PARTIAL[way];
  if (partial !== undefined) add(partial.condition);
  if (way === 'type') add('j.type = ?', filter.types?.[0] ?? '');
  else if (filter.types !== undefined) add('j.type IN (SELECT value FROM json_each(?))', JSON.stringify(filter.types));
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
