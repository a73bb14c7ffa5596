/**
 * The rooms of a job: `jobs` has what never changes, and one of `waiting`, `running` and `finished` the rest. Which columns each of
 * them has says `job-row.ts`; here is what follows from it for both stores.
 */
import type { StoredState } from '../core/state.ts';
import { AT, FIXED_COLUMNS, JOB_COLUMNS, type JobColumn, ROOMS, type Room, roomsOf } from './job-row.ts';

/** The columns of each room that a snapshot shows, in the order of `JOB_COLUMNS`. A room has copies of fixed ones beside them. */
export const ROOM_COLUMNS = byRoom((room) => JOB_COLUMNS.filter((column) => roomsOf(column).includes(room)));

export function roomOf(state: StoredState): Room {
  return state === 'waiting' || state === 'running' ? state : 'finished';
}

/** Null in every job of the room, since the room has no place for it. */
export const FOREIGN = byRoom((room) =>
  JOB_COLUMNS.filter((column) => column !== 'state' && roomsOf(column).length > 0 && !roomsOf(column).includes(room)),
);
/** Never null there: a lease while it runs, an end when it has finished. */
const REQUIRED: Readonly<Record<Room, JobColumn>> = {
  waiting: 'run_at',
  running: 'lease_until',
  finished: 'finished_at',
};

/** The room that a row belongs in; null where it says what no job in its state can: a lease without running, an end without having finished. */
export function roomFor(row: ArrayLike<unknown>): Room | null {
  const room = roomOf(row[AT.state] as StoredState);
  const fits = row[AT[REQUIRED[room]]] !== null && FOREIGN[room].every((column) => row[AT[column]] === null);
  return fits ? room : null;
}

const ALIASES: Readonly<Record<Room, string>> = { waiting: 'w', running: 'r', finished: 'f' };

/** The state of the job `j`, which is in one of `w`, `r` and `f`. */
export const STATE_OF_J = `coalesce(f.state, CASE WHEN w.number IS NULL THEN 'running' ELSE 'waiting' END)`;

/** The columns of a snapshot of the job `j`, out of the one of `w`, `r` and `f` that it is in. */
export const SNAPSHOT = JOB_COLUMNS.map((column) => {
  if (FIXED_COLUMNS.includes(column)) return `j.${column}`;
  if (column === 'state') return STATE_OF_J;
  const cells = roomsOf(column).map((room) => `${ALIASES[room]}.${column}`);
  return cells.length === 1 ? cells[0] : `coalesce(${cells.join(', ')})`;
}).join(', ');

/** The same where the room is known; `empty` is what stands for a column that it does not have. */
export function snapshotIn(room: Room, empty: (column: JobColumn) => string): string {
  return JOB_COLUMNS.map((column) => {
    if (FIXED_COLUMNS.includes(column)) return `j.${column}`;
    if (roomsOf(column).includes(room)) return `${ALIASES[room]}.${column}`;
    return column === 'state' ? `'${room}'` : empty(column);
  }).join(', ');
}

function byRoom<T>(make: (room: Room) => T): Readonly<Record<Room, T>> {
  return Object.freeze(Object.fromEntries(ROOMS.map((room) => [room, make(room)]))) as Readonly<Record<Room, T>>;
}
