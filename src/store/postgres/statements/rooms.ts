/**
 * The rooms that a job goes through, as parts of statements: a row of `jobs` for what never changes, and exactly one row in
 * `waiting`, `running` or `finished` for the rest.
 *
 * Which room a job is in is decided by deleting it from one and inserting it into another in one statement. One statement sees one
 * moment, so whoever looks through all rooms in one statement finds each job once.
 */
import { FINAL_STATES, STORED_STATES, type StoredState } from '../../../core/state.ts';
import { ROOM_COLUMNS } from '../../job-rooms.ts';
import { columnType, FIXED_COLUMNS, JOB_COLUMNS, type JobColumn, ROOMS, type Room } from '../../job-row.ts';
import { isOne } from './statement-parts.ts';

/** What changes after the submit. */
export const CHANGING_COLUMNS = JOB_COLUMNS.filter((column) => !FIXED_COLUMNS.includes(column));

/** What each room has of a job's fixed columns: its key, and what lists and claims look for there. */
const HEAD = ['number', 'tenant', 'type', 'created_at'] as const;
export const HEADS: Readonly<Record<Room, readonly JobColumn[]>> = {
  waiting: [...HEAD, 'priority', 'sequence_key', 'limit_key'],
  running: [...HEAD, 'sequence_key', 'limit_key'],
  finished: HEAD,
};

const FINALS = FINAL_STATES.map((state) => `('${state}')`).join(', ');

/** The one row of the job `job` in a room. @param state in which it is, where it is finished */
export function keyIn(room: Room, job: string, alias = '', state = `${job}.state`): string {
  const at = alias === '' ? '' : `${alias}.`;
  // Its first column, since others of this form are no part of the first plans that are compared.
  const first = (name: string) => (alias === '' ? `${name} = ${job}.${name}` : isOne(at + name, `${job}.${name}`));
  if (room === 'running') return first('number');
  // The keys of the others begin with what their lists ask for; nothing else would need an index by number alone.
  const own = room === 'waiting' ? '' : `AND ${at}state = ${state}`;
  return `${first('tenant')} AND ${at}type = ${job}.type ${own} AND ${at}number = ${job}.number`;
}

/**
 * From the job `job` to its row in `finished`, in whichever state: a probe for each, the commonest first. With `state IN (…)` it is up to the
 * planner whether the key is used whole; for an empty table, which is when connections plan, it looked cheaper to walk through all
 * that has finished of the job's type (1.3 ms of CPU a job at 10,000).
 * @param rest further conditions, or a lock
 */
export function finishedRow(s: string, job: string, cells: string, rest = ''): string {
  return `SELECT f.* FROM (VALUES ${FINALS}) w(final) CROSS JOIN LATERAL (
      SELECT ${cells} FROM ${s}.finished WHERE ${keyIn('finished', job, '', 'w.final')} ${rest} LIMIT 1) f`;
}

/** A changing column as it comes out of a room: a literal or null where the room does not have it. */
export function cellIn(room: Room, column: JobColumn, alias = ''): string {
  if (ROOM_COLUMNS[room].includes(column)) return alias === '' ? column : `${alias}.${column}`;
  return column === 'state' ? `'${room}'` : `NULL::${columnType(column)}`;
}

/** The changing columns of job `j`, from the room that it is in. */
export function roomRow(s: string, job = 'j'): string {
  const arms = ROOMS.map((room) => {
    const cells = CHANGING_COLUMNS.map((column) => `${cellIn(room, column)} AS ${column}`);
    if (room === 'finished') return finishedRow(s, job, cells.join(', '));
    return `SELECT ${cells.join(', ')} FROM ${s}.${room} WHERE ${keyIn(room, job)}`;
  });
  return `(${arms.join(' UNION ALL ')} LIMIT 1)`;
}

/** The row of a job: what never changes from `job`, the rest from `room`. */
export function jobRow(job = 'j', room = 'r'): string {
  return [
    ...FIXED_COLUMNS.map((column) => `${job}.${column}`),
    ...CHANGING_COLUMNS.map((column) => `${room}.${column}`),
  ].join(', ');
}

/** Adds the job itself and its room to something that has its number. */
export function jobByNumber(s: string, number: string): string {
  return `CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = ${number} LIMIT 1) j CROSS JOIN LATERAL ${roomRow(s)} r`;
}

/** States as bits of a number. */
export function statesMask(states: readonly StoredState[]): number {
  return states.reduce((mask, state) => mask | stateBit(state), 0);
}

function stateBit(state: StoredState): number {
  return 1 << STORED_STATES.indexOf(state);
}

/** Whether the state of a row in this room is among the bits. */
export function isAmong(room: Room, mask: string): string {
  if (room !== 'finished') return `(${mask} & ${stateBit(room)}) <> 0`;
  const bits = FINAL_STATES.map((state) => `WHEN '${state}' THEN ${stateBit(state)}`);
  return `(${mask} & CASE state ${bits.join(' ')} END) <> 0`;
}

/**
 * Appends to the counts what a statement has changed. @param changes SQL of rows of tenant, type, state, jobs and bytes, where the
 * last two are what is more or less
 */
export function countChanges(s: string, changes: string): string {
  return `INSERT INTO ${s}.job_count_changes (tenant, type, state, jobs, bytes)
  SELECT tenant, type, state, sum(jobs)::bigint, sum(bytes)::bigint FROM (${changes}) d GROUP BY tenant, type, state
  HAVING sum(jobs) <> 0 OR sum(bytes) <> 0`;
}
