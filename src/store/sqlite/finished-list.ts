/** Lists of finished jobs by the time of their end. Only the rows of the page itself are read, but where few jobs are sorted. */
import { FINAL_STATES, type StoredState } from '../../core/state.ts';
import type { CountFilter, FinishedFilter, ListFilter } from '../contract.ts';
import { conditionsOf, IS_TROUBLE, type Query, stateCondition } from './list-conditions.ts';
import type { Value } from './rows.ts';
import { ROOM_ROWS } from './statements.ts';

/** What such a list goes along. */
export type FinishedWay =
  /** Those of the tenant in each of the states, in the wanted order. */
  | 'end'
  /** Those with the error, in the wanted order. */
  | 'error'
  /** All that tags or types lead to, which are sorted. */
  | 'jobs';

type Wanted = ListFilter & { readonly finished: FinishedFilter };

const FROM: Readonly<Record<FinishedWay, string>> = {
  end: 'finished f INDEXED BY finished_by_end CROSS JOIN jobs j ON j.number = f.number',
  error: 'finished f INDEXED BY finished_by_error CROSS JOIN jobs j ON j.number = f.number',
  jobs: 'jobs j CROSS JOIN finished f ON f.number = j.number',
};

/** Exported for the test that looks at its query plan. */
export function finishedQuery(filter: Wanted, way: FinishedWay): Query {
  const states = FINAL_STATES.filter((state) => filter.states?.includes(state) ?? true);
  const parts = way === 'end' ? states.map((state) => partOf(filter, way, [state])) : [partOf(filter, way, states)];
  const order = orderOf(filter);
  const page = parts.map(({ sql }) => `SELECT number, finished_at FROM (${sql})`).join(' UNION ALL ');
  return {
    sql: `WITH page AS MATERIALIZED (${page} ORDER BY finished_at ${order}, number ${order} LIMIT +?)
      SELECT ${ROOM_ROWS.finished} FROM page p CROSS JOIN finished f ON f.number = p.number CROSS JOIN jobs j ON j.number = p.number
      ORDER BY p.finished_at ${order}, p.number ${order}`,
    values: [...parts.flatMap(({ values }) => values), filter.limit],
  };
}

function orderOf({ order = 'newest' }: ListFilter): 'DESC' | 'ASC' {
  return order === 'newest' ? 'DESC' : 'ASC';
}

function partOf(filter: Wanted, way: FinishedWay, states: readonly StoredState[]): Query {
  const order = orderOf(filter);
  const { after } = filter.finished;
  const { conditions, values } = finishedConditions(filter, way, states);
  if (after !== undefined) {
    conditions.push(`(f.finished_at, f.number) ${order === 'DESC' ? '<' : '>'} (?, ?)`);
    values.push(after.finishedAt, after.number);
  }
  values.push(filter.limit);
  const sql = `SELECT f.number, f.finished_at FROM ${FROM[way]} WHERE ${conditions.join(' AND ')}
    ORDER BY f.finished_at ${order}, f.number ${order} LIMIT +?`;
  return { sql, values };
}

/** What a count goes over: tenant, type and state of each job. */
export function finishedCountQuery(filter: CountFilter, way: FinishedWay): Query {
  const states = FINAL_STATES.filter((state) => filter.states?.includes(state) ?? true);
  const { conditions, values } = finishedConditions({ finished: {}, ...filter }, way, states);
  const sql = `SELECT j.tenant, j.type, f.state FROM ${FROM[way]} WHERE ${conditions.join(' AND ')}`;
  return { sql, values };
}

type Conditions = CountFilter & { readonly finished: FinishedFilter };

function finishedConditions(filter: Conditions, way: FinishedWay, states: readonly StoredState[]) {
  const { from, before, errorCode } = filter.finished;
  const { tenant, states: _states, ...rest } = filter;
  const { conditions, values } = conditionsOf({ ...rest, tenant: null }, 'tenant');
  const add = (condition: string, ...more: readonly Value[]) => {
    conditions.push(condition);
    values.push(...more);
  };
  if (tenant !== null) add(`${way === 'jobs' ? 'j' : 'f'}.tenant = ?`, tenant);
  add(states.length === 1 ? `f.state = '${states[0]}'` : stateCondition(states, 'f.state'));
  if (errorCode !== undefined) {
    // The condition of the partial index, word for word, as `conditionsOf` says.
    add(IS_TROUBLE);
    add(`substr(f.error -> '$.code', 1, 200) = ?`, JSON.stringify(errorCode));
  }
  if (from !== undefined) add('f.finished_at >= ?', from);
  if (before !== undefined) add('f.finished_at < ?', before);
  return { conditions, values };
}
