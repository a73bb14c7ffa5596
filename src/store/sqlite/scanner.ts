/** Listings and filtered counts: SQL made from the filter, run on a read-only connection. */
import { FINAL_STATES, STORED_STATES, type StoredState } from '../../core/state.ts';
import type { CountFilter, ListFilter, StatFilter } from '../contract.ts';
import { roomOf } from '../job-rooms.ts';
import { ROOMS, type Room } from '../job-row.ts';
import type { Connection } from './connection.ts';
import { storeError } from './driver-errors.ts';
import { type FinishedWay, finishedCountQuery, finishedQuery } from './finished-list.ts';
import { conditionsOf, INDEXES, type Query, sourceOf, TROUBLE, type Way } from './list-conditions.ts';
import type { Row } from './rows.ts';
import { type WireReply, type WireRequest, wireError } from './thread-protocol.ts';
import type { Answerer } from './thread-shell.ts';

export interface ScannerTable {
  readonly [name: string]: (payload: never) => unknown;
  /** The rows of the jobs, one after another. */
  readonly list: (filter: ListFilter) => Row;
  /** Tenant, type, state and count per row. */
  readonly count: (filter: CountFilter) => readonly Row[];
  /** Time, type and figures per row. */
  readonly stats: (filter: StatFilter) => readonly Row[];
}

export function createScanner(connection: Connection, subject: string): Answerer {
  const answer = ([id, operation, payload]: WireRequest): WireReply => {
    try {
      if (operation === 'count') return [id, countJobs(connection, payload as CountFilter)];
      if (operation === 'stats') return [id, statSums(connection, payload as StatFilter)];
      return [id, listJobs(connection, payload as ListFilter)];
    } catch (error) {
      return [id, null, wireError(storeError(error, subject))];
    }
  };
  return { answer: (requests) => requests.map(answer), close: () => connection.close() };
}

/** A week of many types is more than a moment's work. */
function statSums(connection: Connection, { tenant, type, from, before, stepMs }: StatFilter): readonly Row[] {
  return connection.all('statRead', tenant, from, before, stepMs, type ?? null);
}

function listJobs(connection: Connection, filter: ListFilter): Row {
  if (filter.finished !== undefined && !FINAL_STATES.some((state) => filter.states?.includes(state) ?? true)) return [];
  const { sql, values } =
    filter.finished === undefined
      ? listQuery(filter, wayOf(connection, filter))
      : finishedQuery({ ...filter, finished: filter.finished }, finishedWayOf(connection, filter));
  return connection
    .prepareOnce(sql)
    .all(...values)
    .flat();
}

/** Whichever of the possible ways leads past the fewest jobs: the counts know. */
function wayOf(connection: Connection, filter: ListFilter): Way {
  const ways = waysOf(filter);
  if (ways.length === 1) return ways[0] ?? 'tenant';
  const counts = filter.tenant === null ? connection.all('countAll') : connection.all('countOfTenant', filter.tenant);
  const sizes = new Map(ways.map((way) => [way, sizeOf(connection, filter, { way, counts })]));
  return ways.toSorted((a, b) => (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0))[0] ?? 'tenant';
}

/** Each type is a part of the query. */
const TYPES_MAX = 16;
function waysOf({ tenant, states = [], types = [], tags = {}, group }: ListFilter): readonly Way[] {
  if (group !== undefined) return ['group'];
  const ways: Way[] = ['tenant'];
  // By their tags jobs are found at once.
  if (Object.keys(tags).length > 0) return ways;
  if (tenant !== null && types.length > 0 && types.length <= TYPES_MAX) ways.push('type');
  if (states.length === 0) return ways;
  // Nothing is small about what went well.
  if (states.includes('succeeded')) return ways;
  const [first, ...others] = roomParts(states);
  if (first !== undefined && (tenant !== null || states.every((state) => !TROUBLE.includes(state)))) {
    ways.push(others.length === 0 ? first.way : 'rooms');
  }
  return ways;
}

interface RoomPart {
  readonly way: 'waiting' | 'running' | 'trouble';
  readonly states: readonly StoredState[];
}

function roomParts(states: readonly StoredState[]): readonly RoomPart[] {
  const parts: readonly RoomPart[] = [
    { way: 'waiting', states: states.filter((state) => state === 'waiting') },
    { way: 'running', states: states.filter((state) => state === 'running') },
    { way: 'trouble', states: states.filter((state) => TROUBLE.includes(state)) },
  ];
  return parts.filter((part) => part.states.length > 0);
}

interface Sized {
  readonly way: Way;
  readonly counts: readonly Row[];
}

function sizeOf(connection: Connection, filter: ListFilter, { way, counts }: Sized): number {
  const { types = [], states = [] } = filter;
  if (way === 'rooms') {
    const sizes = roomParts(states).map((part) =>
      sizeOf(connection, { ...filter, states: part.states }, { way: part.way, counts }),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }
  if (way === 'waiting' || way === 'running') return connection.get('countOfState', way)?.[0] as number;
  let size = 0;
  for (const [, type, state, jobs] of counts) {
    const isPassed =
      way === 'type' ? types.includes(type as string) : way === 'tenant' || states.includes(state as StoredState);
    if (isPassed) size += jobs as number;
  }
  return size;
}

/** Jobs of few types are read and sorted, rather than looked for among those of all types. */
function finishedWayOf(connection: Connection, filter: CountFilter): FinishedWay {
  const { tenant, types, tags = {}, finished } = filter;
  if (finished?.errorCode !== undefined && tenant !== null) return 'error';
  if (tenant === null || Object.keys(tags).length > 0) return 'jobs';
  if (types === undefined) return 'end';
  let ofTypes = 0;
  let all = 0;
  for (const [, type, , jobs] of connection.all('countOfTenant', tenant)) {
    all += jobs as number;
    if (types.includes(type as string)) ofTypes += jobs as number;
  }
  return ofTypes * 10 < all ? 'jobs' : 'end';
}

/** Exported for the test that looks at its query plan. */
export function listQuery(filter: ListFilter, way: Way): Query {
  const { types = [], states = [] } = filter;
  const { from, row } = sourceOf(filter, way);
  if (way !== 'rooms' && (way !== 'type' || types.length === 1)) return pageQuery(filter, way, row);
  // The first page of each type or room, and of all those jobs the first page.
  const parts =
    way === 'rooms'
      ? roomParts(states).map((part) => pageQuery({ ...filter, states: part.states }, part.way, 'j.number'))
      : types.map((type) => pageQuery({ ...filter, types: [type] }, way, 'j.number'));
  const numbers = parts.map(({ sql }) => `SELECT number FROM (${sql})`).join(' UNION ALL ');
  return {
    sql: `SELECT ${row} FROM ${from.replace(INDEXES.type, '')} WHERE j.number IN (${numbers})
      ORDER BY j.number ${directionOf(filter)} LIMIT +?`,
    values: [...parts.flatMap(({ values }) => values), filter.limit],
  };
}

function directionOf({ order = 'newest' }: ListFilter): string {
  return order === 'newest' ? 'DESC' : 'ASC';
}

function pageQuery(filter: ListFilter, way: Way, row: string): Query {
  const { from, along } = sourceOf(filter, way);
  const { conditions, values } = conditionsOf(filter, way);
  if (filter.after !== undefined) {
    conditions.push(`${along}.number ${directionOf(filter) === 'DESC' ? '<' : '>'} ?`);
    values.push(filter.after);
  }
  values.push(filter.limit);
  const sql = `SELECT ${row} FROM ${from} WHERE ${conditions.join(' AND ')}
    ORDER BY ${along}.number ${directionOf(filter)} LIMIT +?`;
  return { sql, values };
}

/** No bound: what a count is limited to where it is not. */
const COUNTED_MAX = Number.MAX_SAFE_INTEGER;

/** Room by room in one statement, which is one moment: a job that moves meanwhile is counted once. */
function countJobs(connection: Connection, filter: CountFilter): readonly Row[] {
  const wanted = (filter.states ?? STORED_STATES).filter((state) => STORED_STATES.includes(state));
  const parts = (filter.group === undefined ? ROOMS : (['all'] as const)).flatMap((room) => {
    if (room === 'all') return [countQuery({ ...filter, states: wanted }, room)];
    const states = wanted.filter((state) => roomOf(state) === room);
    if (states.length === 0 || (filter.finished !== undefined && room !== 'finished')) return [];
    if (filter.finished === undefined) return [countQuery({ ...filter, states }, room)];
    return [finishedCountQuery({ ...filter, states }, finishedWayOf(connection, filter))];
  });
  if (parts.length === 0) return [];
  const rows = parts.map((part) => part.sql).join(' UNION ALL ');
  const sql = `SELECT tenant, type, state, count(*) FROM (${rows} LIMIT +?) GROUP BY 1, 2, 3`;
  return connection.prepareOnce(sql).all(...parts.flatMap(({ values }) => values), filter.max ?? COUNTED_MAX);
}

/** Along the room where that is smaller; most jobs have finished, and those of a tenant or a tag are found among all. */
function countQuery(filter: CountFilter, room: Room | 'all'): Query {
  const way = room === 'all' ? 'group' : room === 'finished' ? 'tenant' : room;
  const { from, state } = sourceOf(filter, way);
  const { conditions, values } = conditionsOf(filter, way);
  const sql = `SELECT j.tenant, j.type, ${state} AS state FROM ${from} WHERE ${conditions.join(' AND ')}`;
  return { sql, values };
}
