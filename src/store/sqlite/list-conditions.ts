/** What lists and counts have in common: where they begin, and the conditions on the jobs that they see. */
import { FINAL_STATES, STORED_STATES, type StoredState } from '../../core/state.ts';
import type { CountFilter } from '../contract.ts';
import { roomOf, SNAPSHOT, STATE_OF_J } from '../job-rooms.ts';
import type { Value } from './rows.ts';
import { EVERYWHERE, ROOM_ROWS } from './statements.ts';

/** What a list goes along, newest or oldest first. */
export type Way =
  /** All jobs of the tenant. */
  | 'tenant'
  /** Those of some of its types. */
  | 'type'
  /** Those of the tenant that did not go well. */
  | 'trouble'
  /** Those that wait, or run, of all tenants. */
  | 'waiting'
  | 'running'
  /** More than one of the last three, each by itself. */
  | 'rooms'
  /** The members of a group. */
  | 'group';

export const TROUBLE: readonly StoredState[] = FINAL_STATES.filter((state) => state !== 'succeeded');

/** As the partial indexes have it. */
export const IS_TROUBLE = `f.state <> 'succeeded'`;

export interface Query {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** Where a query begins: the table that it goes along, by the name that it has there, and the jobs that it sees. */
interface Source {
  /** The rooms are joined to `j`, or `j` to the room. */
  readonly from: string;
  readonly along: 'j' | 'w' | 'r' | 'f' | 'm';
  readonly row: string;
  readonly state: string;
}

const ALIASES = { waiting: 'w', running: 'r', finished: 'f' } as const;
export const INDEXES: Readonly<Record<Way, string>> = {
  tenant: '',
  type: 'INDEXED BY jobs_by_type',
  trouble: 'INDEXED BY finished_by_trouble',
  waiting: '',
  running: '',
  rooms: '',
  group: '',
};

/** `CROSS JOIN` is SQLite's word for the order in which it is to join. */
export function sourceOf({ states }: CountFilter, way: Way): Source {
  if (way === 'group') {
    const from = EVERYWHERE.replace('jobs j', 'group_members m CROSS JOIN jobs j ON j.number = m.number');
    return { from, along: 'm', row: SNAPSHOT, state: STATE_OF_J };
  }
  const rooms = new Set((states ?? STORED_STATES).map(roomOf));
  const [room] = rooms;
  if (room === undefined || rooms.size > 1) {
    const from = EVERYWHERE.replace('jobs j', `jobs j ${INDEXES[way]}`);
    return { from, along: 'j', row: SNAPSHOT, state: STATE_OF_J };
  }
  const alias = ALIASES[room];
  const state = room === 'finished' ? 'f.state' : `'${room}'`;
  const isAlongRoom = way !== 'tenant' && way !== 'type';
  const from = isAlongRoom
    ? `${room} ${alias} ${INDEXES[way]} CROSS JOIN jobs j ON j.number = ${alias}.number`
    : `jobs j ${INDEXES[way]} CROSS JOIN ${room} ${alias} ON ${alias}.number = j.number`;
  return { from, along: isAlongRoom ? alias : 'j', row: ROOM_ROWS[room], state };
}

/** States stand in the text, not among the values, since a partial index fits no value. They come from a closed set. */
export function stateCondition(states: readonly StoredState[], state: string): string {
  const known = states.filter((one) => STORED_STATES.includes(one));
  return `${state} IN (${known.map((one) => `'${one}'`).join(', ')})`;
}

export function conditionsOf(
  filter: CountFilter,
  way: Way,
): { readonly conditions: string[]; readonly values: Value[] } {
  const { along, state } = sourceOf(filter, way);
  const conditions = ['TRUE'];
  const values: Value[] = [];
  const add = (condition: string, ...more: readonly Value[]) => {
    conditions.push(condition);
    values.push(...more);
  };
  if (filter.tenant !== null) add(`${along === 'm' ? 'j' : along}.tenant = ?`, filter.tenant);
  if (filter.group !== undefined) add('m.group_number = (SELECT number FROM job_groups WHERE id = ?)', filter.group);
  if (filter.states !== undefined) add(stateCondition(filter.states, state));
  // The condition of the partial index, word for word: SQLite takes one only for a condition that it finds.
  if (way === 'trouble') add(IS_TROUBLE);
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
